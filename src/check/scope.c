/* SPDX-License-Identifier: MIT */
#include "scope.h"

#include "rows.h"
#include "text.h"

#include <string.h>

/*
 * Priorities and task priorities are 4, 5, 14 or 15: bit 2 is 1, bits 3 and 1 are
 * alike. So each comparison is met from both sides and at equality, and at the
 * end of the range, where a window's priority of 15 does not help.
 */
#define PRIO_FIXED UINT64_C(0x4)
#define PRIO_EVEN  UINT64_C(0xa)
#define PRIO_ODD   UINT64_C(0x1)
#define PRIO(bits) ((bits) << PSVM_V_INTR_PRIO_SHIFT)
#define VECTOR	   ((uint64_t)VECTOR_OF_V_IRQ << PSVM_V_INTR_VECTOR_SHIFT)

/* clang-format off: tables. */

/* X(identifier, name, word, bits) */
#define BIT(X, name) X(name, #name, INT_CTL, PSVM_##name)
#define INTERCEPT(X, name, word) \
	X(ICPT_##name, "intercept of " #name, word, PSVM_INTERCEPT_MASK(name))
#define VARS(X) \
	BIT(X, V_IRQ) \
	BIT(X, V_GIF) \
	BIT(X, V_NMI) \
	BIT(X, V_NMI_MASK) \
	BIT(X, V_IGN_TPR) \
	BIT(X, V_INTR_MASKING) \
	BIT(X, V_GIF_ENABLE) \
	BIT(X, V_NMI_ENABLE) \
	BIT(X, X2AVIC_ENABLE) \
	BIT(X, AVIC_ENABLE) \
	X(TPR_ODD, "V_TPR[0]", INT_CTL, PRIO_ODD) \
	X(TPR_EVEN, "V_TPR[3] and [1]", INT_CTL, PRIO_EVEN) \
	X(PRIO_ODD, "V_INTR_PRIO[0]", INT_CTL, PRIO(PRIO_ODD)) \
	X(PRIO_EVEN, "V_INTR_PRIO[3] and [1]", INT_CTL, PRIO(PRIO_EVEN)) \
	X(SBZ_7_4, "060h[7:4]", INT_CTL, PSVM_V_TPR_7_4) \
	X(SBZ_10, "060h[10]", INT_CTL, PSVM_MASK64(10, 1)) \
	X(SBZ_15_13, "060h[15:13]", INT_CTL, PSVM_MASK64(13, 3)) \
	X(SBZ_23_21, "060h[23:21]", INT_CTL, PSVM_MASK64(21, 3)) \
	X(SBZ_29_27, "060h[29:27]", INT_CTL, PSVM_MASK64(27, 3)) \
	X(SBZ_63_40, "060h[63:40]", INT_CTL, PSVM_RSVD_63_40) \
	INTERCEPT(X, INTR, MISC1) \
	INTERCEPT(X, NMI, MISC1) \
	INTERCEPT(X, VINTR, MISC1) \
	INTERCEPT(X, IRET, MISC1) \
	INTERCEPT(X, HLT, MISC1) \
	INTERCEPT(X, VMRUN, MISC2) \
	INTERCEPT(X, STGI, MISC2) \
	INTERCEPT(X, CLGI, MISC2) \
	INTERCEPT(X, CR8_READ, CR) \
	INTERCEPT(X, CR8_WRITE, CR)

/* clang-format on */

enum {
#define VAR(id, name, word, bits) VAR_##id,
	VARS(VAR)
#undef VAR
};
#define V(id) (UINT32_C(1) << VAR_##id)

const struct scope_var scope_vars[] = {
#define VAR(id, name, word, bits) { name, WORD_##word, bits },
	VARS(VAR)
#undef VAR
};
const unsigned scope_var_count = N_ROWS(scope_vars);

/* The value of a variable that is not open: a priority of 5, VMRUN intercepted. */
#define USUAL (V(PRIO_ODD) | V(ICPT_VMRUN))

/* --- acts ---------------------------------------------------------------- */

/* clang-format off: a table. */

/* X(identifier, kind, instruction, value). The interrupt has priority 5. */
#define ALL_ACTS(X) \
	X(NOP, INSN, NOP, 0) \
	X(VMRUN, INSN, VMRUN, 0) \
	X(STI, INSN, STI, 0) \
	X(CLI, INSN, CLI, 0) \
	X(STGI, INSN, STGI, 0) \
	X(CLGI, INSN, CLGI, 0) \
	X(CPUID, INSN, CPUID, 0) \
	X(VMMCALL, INSN, VMMCALL, 0) \
	X(HLT, INSN, HLT, 0) \
	X(IRET, INSN, IRET, 0) \
	X(CR8_READ, INSN, CR8_READ, 0) \
	X(CR8_IS_4, INSN, CR8_WRITE, 4) \
	X(CR8_IS_5, INSN, CR8_WRITE, 5) \
	X(CR8_IS_15, INSN, CR8_WRITE, 15) \
	X(INTR, INTR, NOP, VECTOR_OF_L1) \
	X(NMI, NMI, NOP, 0) \
	X(EXIT_L0, EXIT_L0, NOP, 0) \
	X(RESTORE, RESTORE, NOP, 0) \
	X(FAULT_L0, FAULT_L0, NOP, 0) \
	X(FAULT_L1, FAULT_L1, NOP, 0) \
	X(VMRUN_FAULT_L0, FAULT_L0, VMRUN, 0) \
	X(VMRUN_FAULT_L1, FAULT_L1, VMRUN, 0)

/* clang-format on */

enum {
#define ACT_ROW(id, kind, insn, value) ROW_##id,
	ALL_ACTS(ACT_ROW)
#undef ACT_ROW
};
#define A(id) (UINT32_C(1) << ROW_##id)

static const struct act acts[] = {
#define ACT_ROW(id, kind, insn, value) { ACT_##kind, PSVM_INSN_##insn, value },
	ALL_ACTS(ACT_ROW)
#undef ACT_ROW
};
const unsigned scope_act_count = N_ROWS(acts);

struct act scope_act(unsigned i)
{
	return acts[i];
}

/* Instructions that L1 executes for itself, and those that L2 does. */
static bool insn_allowed(bool l2, struct act act)
{
	switch (act.insn) {
	case PSVM_INSN_VMRUN:
		return !l2;
	case PSVM_INSN_HLT:
	case PSVM_INSN_CPUID:
	case PSVM_INSN_VMMCALL:
	case PSVM_INSN_CR8_READ:
		return l2;
	default:
		return l2 || act.kind == ACT_INSN;
	}
}

bool scope_allows(const struct slice *slice, const struct product *p,
		  const struct world *w, unsigned act)
{
	bool l2 = left_in_l2(p, w);

	if ((slice->acts >> act & 1) == 0)
		return false;
	switch (acts[act].kind) {
	case ACT_INTR:
		return left_view(p, w).intr == 0;
	case ACT_NMI:
		return left_view(p, w).nmi == 0;
	case ACT_EXIT_L0:
	case ACT_RESTORE:
		return l2;
	default:
		return insn_allowed(l2, acts[act]);
	}
}

/* --- features, and what is decided from the start ------------------------ */

/* X(identifier, facts). An L0 that uses vNMI uses vGIF: KVM insists on it, and no
 * processor is known that has the one without the other. */
#define WITH_VGIF PSVM_C(HOST_VGIF)
#define WITH_VNMI (PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI))
/* clang-format off: a table. */
#define CONFIGS(X) \
	X(PLAIN, 0) \
	X(VGIF, WITH_VGIF) \
	X(VGIF_G, WITH_VGIF | PSVM_C(OFFER_VGIF)) \
	X(VNMI, WITH_VNMI) \
	X(VNMI_G, WITH_VNMI | PSVM_C(OFFER_VGIF)) \
	X(VNMI_N, WITH_VNMI | PSVM_C(OFFER_VNMI)) \
	X(VNMI_GN, WITH_VNMI | PSVM_C(OFFER_VGIF) | PSVM_C(OFFER_VNMI))
/* clang-format on */

enum {
#define CONFIG(id, facts) CONFIG_##id,
	CONFIGS(CONFIG)
#undef CONFIG
};
#define C(id) (UINT32_C(1) << CONFIG_##id)

static const uint32_t configs[] = {
#define CONFIG(id, facts) facts,
	CONFIGS(CONFIG)
#undef CONFIG
};
#define ALL_CONFIGS ((UINT32_C(1) << N_ROWS(configs)) - 1)

#define TYPE(name) ((uint64_t)PSVM_EVENT_TYPE_##name << PSVM_EVENT_TYPE_SHIFT)
static const uint64_t events[] = {
	0, PSVM_EVENT_INJ_V | TYPE(INTR) | VECTOR_OF_EVENTINJ,
	PSVM_EVENT_INJ_V | TYPE(NMI) | 2,
	PSVM_EVENT_INJ_V | TYPE(EXCEPTION) | 2, /* does not exist */
};
#define NO_EVENT   UINT32_C(1)
#define ALL_EVENTS ((UINT32_C(1) << N_ROWS(events)) - 1)

/* The i-th bit that is set. */
static unsigned nth(uint32_t mask, unsigned i)
{
	unsigned bit = 0;

	while ((mask >> bit & 1) == 0 || i-- != 0)
		bit++;
	return bit;
}

static unsigned count(uint32_t mask)
{
	unsigned n = 0;

	for (; mask != 0; mask &= mask - 1)
		n++;
	return n;
}

unsigned scope_first_count(const struct slice *slice)
{
	return count(slice->events) * 8;
}

struct scope_first scope_first(const struct slice *slice, unsigned i)
{
	struct scope_first f = { events[nth(slice->events, i / 8)], i & 1, i >> 1 & 1,
				 i >> 2 & 1 };

	return f;
}

struct decided scope_usual(const struct slice *slice)
{
	struct decided d = { ~slice->vars, USUAL & ~slice->vars };

	return d;
}

struct decided scope_decided(const struct unit *unit)
{
	struct decided d = scope_usual(unit->slice);

	d.known |= unit->slice->split;
	d.value |= unit->split;
	return d;
}

/* --- scopes -------------------------------------------------------------- */

#define ACTS_L2	 (A(NOP) | A(STI) | A(CLI) | A(CPUID) | A(HLT) | A(IRET))
#define ACTS_GIF (A(VMRUN) | A(STGI) | A(CLGI))
#define ACTS_TPR (A(CR8_READ) | A(CR8_IS_4) | A(CR8_IS_5))
#define ACTS_CR8 (ACTS_TPR | A(CR8_IS_15))
#define ACTS_L0	 (A(EXIT_L0) | A(RESTORE))
#define ACTS_ALL ((UINT32_C(1) << N_ROWS(acts)) - 1)
#define FAULTS	 (A(FAULT_L0) | A(FAULT_L1) | A(VMRUN_FAULT_L0) | A(VMRUN_FAULT_L1))
#define UNUSED \
	(V(X2AVIC_ENABLE) | V(AVIC_ENABLE) | V(SBZ_7_4) | V(SBZ_10) | V(SBZ_15_13) | \
	 V(SBZ_23_21) | V(SBZ_29_27) | V(SBZ_63_40) | V(ICPT_VMRUN))
#define VIRQ \
	(V(V_IRQ) | V(V_IGN_TPR) | V(V_INTR_MASKING) | V(TPR_ODD) | V(TPR_EVEN) | \
	 V(ICPT_VINTR))
#define PRIORITY  (V(PRIO_ODD) | V(PRIO_EVEN))
#define ICPTS_GIF (V(ICPT_STGI) | V(ICPT_CLGI))
#define ICPTS_CR8 (V(ICPT_CR8_READ) | V(ICPT_CR8_WRITE))
#define VGIF	  (V(V_GIF) | V(V_GIF_ENABLE))
#define VNMI	  (V(V_NMI) | V(V_NMI_MASK) | V(V_NMI_ENABLE) | V(ICPT_NMI))

/* Each slice has what belongs together; two of a kind that never meet in one slice
 * meet in the full scope. */
static const struct slice default_slices[] = {
	{ "interrupts and TPR", UNUSED | VIRQ | V(ICPT_INTR),
	  ACTS_L2 | ACTS_GIF | ACTS_TPR | ACTS_L0 | A(INTR), C(PLAIN) | C(VGIF), NO_EVENT,
	  V(V_INTR_MASKING) },
	{ "interrupts and vGIF",
	  UNUSED | VGIF | V(V_IRQ) | V(V_INTR_MASKING) | V(ICPT_VINTR) | V(ICPT_INTR),
	  ACTS_L2 | ACTS_GIF | ACTS_L0 | A(INTR), C(VGIF_G) | C(VNMI_GN), NO_EVENT, 0 },
	{ "NMIs", UNUSED | VGIF | VNMI | V(V_INTR_MASKING),
	  ACTS_L2 | ACTS_GIF | ACTS_L0 | A(NMI), ALL_CONFIGS, NO_EVENT, 0 },
	{ "injected events and faults",
	  UNUSED | VNMI | V(V_IRQ) | V(V_INTR_MASKING) | V(ICPT_INTR),
	  A(NOP) | A(VMRUN) | A(CPUID) | A(VMMCALL) | A(IRET) | A(INTR) | A(NMI) |
		  A(EXIT_L0) | FAULTS,
	  ALL_CONFIGS, ALL_EVENTS, 0 },
};

/*
 * Every dimension: interrupts, GIF, NMIs, TPR and CR8, HLT, injected events and faults.
 * Any two of the six meet in a slice. All at once would be 2^24 set-ups with thousands
 * of states each.
 */
static const struct slice full_slices[] = {
	{ "interrupts, priorities and CR8", UNUSED | VIRQ | PRIORITY | V(ICPT_INTR),
	  ACTS_L2 | ACTS_GIF | ACTS_TPR | ACTS_L0 | A(INTR), C(PLAIN) | C(VGIF), NO_EVENT,
	  V(V_INTR_MASKING) },
	{ "interrupts, CR8 that L1 intercepts, and HLT",
	  UNUSED | V(V_IRQ) | V(V_INTR_MASKING) | V(TPR_ODD) | V(TPR_EVEN) |
		  V(ICPT_INTR) | ICPTS_CR8 | V(ICPT_HLT),
	  A(NOP) | A(VMRUN) | A(STI) | A(CLI) | A(CPUID) | A(HLT) | ACTS_CR8 | ACTS_L0 |
		  A(INTR),
	  C(PLAIN) | C(VGIF), NO_EVENT, V(V_INTR_MASKING) },
	{ "interrupts, vGIF and HLT",
	  UNUSED | VGIF | VIRQ | V(ICPT_INTR) | ICPTS_GIF | V(ICPT_HLT),
	  ACTS_L2 | ACTS_GIF | ACTS_L0 | A(INTR), C(VGIF_G) | C(VNMI_G) | C(VNMI_GN),
	  NO_EVENT, V(V_INTR_MASKING) },
	{ "interrupts, vGIF and CR8", UNUSED | VGIF | VIRQ | V(ICPT_INTR),
	  ACTS_L2 | ACTS_GIF | ACTS_TPR | ACTS_L0 | A(INTR), C(VGIF_G), NO_EVENT,
	  V(V_INTR_MASKING) },
	{ "interrupts, NMIs, GIF and HLT",
	  UNUSED | VNMI | VIRQ | V(ICPT_INTR) | V(ICPT_IRET) | V(ICPT_HLT),
	  ACTS_L2 | A(VMRUN) | A(STGI) | ACTS_L0 | A(INTR) | A(NMI), ALL_CONFIGS,
	  NO_EVENT, V(V_INTR_MASKING) },
	{ "NMIs and vGIF",
	  UNUSED | VGIF | VNMI | V(V_INTR_MASKING) | V(ICPT_IRET) | ICPTS_GIF,
	  ACTS_L2 | ACTS_GIF | ACTS_L0 | A(NMI), ALL_CONFIGS, NO_EVENT,
	  V(V_INTR_MASKING) },
	{ "NMIs and CR8",
	  UNUSED | VNMI | V(V_INTR_MASKING) | V(TPR_ODD) | V(TPR_EVEN) | V(ICPT_INTR) |
		  V(ICPT_IRET) | ICPTS_CR8,
	  ACTS_L2 | A(VMRUN) | ACTS_CR8 | ACTS_L0 | A(INTR) | A(NMI),
	  C(PLAIN) | C(VNMI) | C(VNMI_N), NO_EVENT, V(V_INTR_MASKING) },
	{ "injected events, faults, interrupts, NMIs and HLT",
	  UNUSED | VNMI | VIRQ | V(ICPT_INTR) | V(ICPT_HLT),
	  ACTS_L2 | A(VMMCALL) | A(VMRUN) | ACTS_L0 | A(INTR) | A(NMI) | FAULTS,
	  ALL_CONFIGS, ALL_EVENTS, V(V_INTR_MASKING) },
	{ "injected events, faults and vGIF",
	  UNUSED | VGIF | VNMI | V(V_INTR_MASKING) | ICPTS_GIF,
	  ACTS_L2 | ACTS_GIF | ACTS_L0 | A(NMI) | FAULTS,
	  C(VGIF_G) | C(VNMI_G) | C(VNMI_GN), ALL_EVENTS, V(V_INTR_MASKING) },
	{ "injected events, faults and CR8",
	  UNUSED | V(V_IRQ) | V(V_INTR_MASKING) | V(TPR_ODD) | V(TPR_EVEN) |
		  V(ICPT_INTR) | ICPTS_CR8,
	  A(NOP) | A(VMRUN) | A(CPUID) | ACTS_TPR | ACTS_L0 | A(INTR) | FAULTS,
	  C(PLAIN) | C(VGIF), ALL_EVENTS, V(V_INTR_MASKING) },
};

const struct slice scope_everything = {
	"everything", (UINT32_C(1) << N_ROWS(scope_vars)) - 1,
	ACTS_ALL,     ALL_CONFIGS,
	ALL_EVENTS,   0
};

static const struct scope scopes[] = {
	{ "default", default_slices, N_ROWS(default_slices) },
	{ "full", full_slices, N_ROWS(full_slices) },
};

const struct scope *scope_named(const char *name)
{
	for (size_t i = 0; i < N_ROWS(scopes); i++)
		if (strcmp(scopes[i].name, name) == 0)
			return &scopes[i];
	return NULL;
}

static unsigned units_of(const struct slice *slice)
{
	return count(slice->configs) << count(slice->split);
}

unsigned scope_unit_count(const struct scope *scope)
{
	unsigned n = 0;

	for (unsigned i = 0; i < scope->slice_count; i++)
		n += units_of(&scope->slices[i]);
	return n;
}

/* The variables of a mask that are 1 in its i-th value. */
static uint32_t nth_value(uint32_t mask, unsigned i)
{
	uint32_t value = 0;

	for (; i != 0; i &= i - 1)
		value |= UINT32_C(1) << nth(mask, nth(i, 0));
	return value;
}

struct unit scope_unit(const struct scope *scope, unsigned i)
{
	const struct slice *slice = scope->slices;
	struct unit unit;

	while (i >= units_of(slice))
		i -= units_of(slice++);
	unit.slice = slice;
	unit.facts = configs[nth(slice->configs, i >> count(slice->split))];
	unit.split = nth_value(slice->split, i & ((1U << count(slice->split)) - 1));
	return unit;
}

static uint32_t asked(const struct psvm_rules *rules)
{
	uint32_t asks = 0;

	for (unsigned id = 0; id < PSVM_CELL_COUNT; id++)
		for (unsigned i = 0; i < PSVM_MOVES; i++)
			asks |= rules->cell[id].move[i].on | rules->cell[id].move[i].off;
	return asks;
}

bool scope_fits(const struct psvm_rules *rules, uint32_t facts)
{
	uint32_t asks = asked(rules);
	uint32_t fits = PSVM_C(HOST_VGIF) |
			(asks & PSVM_C(NESTED_VGIF) ? PSVM_C(OFFER_VGIF) : 0) |
			(asks & PSVM_C(HOST_VNMI) ? PSVM_C(HOST_VNMI) : 0) |
			(asks & PSVM_C(NESTED_VNMI) ? PSVM_C(OFFER_VNMI) : 0);

	return (facts & ~fits) == 0;
}

/* --- in words ------------------------------------------------------------ */

static void list_vars(struct text *text, uint32_t vars)
{
	for (unsigned i = 0; i < scope_var_count; i++)
		if (vars >> i & 1)
			text_add(text, "%s%s",
				 vars & ((UINT32_C(1) << i) - 1) ? ", " : "",
				 scope_vars[i].name);
}

static void list_acts(struct text *text, uint32_t rows)
{
	static const char *const names[] = {
#define ACT_ROW(id, kind, insn, value) #id,
		ALL_ACTS(ACT_ROW)
#undef ACT_ROW
	};

	for (unsigned i = 0; i < scope_act_count; i++)
		if (rows >> i & 1)
			text_add(text, "%s%s",
				 rows & ((UINT32_C(1) << i) - 1) ? ", " : "", names[i]);
}

/* Three lines for each slice. */
size_t scope_line(char *text, size_t size, const struct scope *scope, unsigned line)
{
	struct text to = { text, size, 0 };
	const struct slice *slice = &scope->slices[line / 3];

	if (line / 3 >= scope->slice_count)
		return 0;
	switch (line % 3) {
	case 0:
		text_add(&to,
			 "%s: %u of %u configurations of vGIF and vNMI, %u values of "
			 "EVENTINJ, L1's IF, L2's IF and shadow at VMRUN, 068h[63:1] = 0",
			 slice->name, count(slice->configs), (unsigned)N_ROWS(configs),
			 count(slice->events));
		break;
	case 1:
		text_add(&to, "open bits of vmcb12: ");
		list_vars(&to, slice->vars);
		break;
	default:
		text_add(&to, "acts: ");
		list_acts(&to, slice->acts);
	}
	return to.length;
}

uint64_t scope_setups(const struct unit *unit)
{
	return (uint64_t)scope_first_count(unit->slice)
	       << count(unit->slice->vars & ~unit->slice->split);
}

/* --- beginnings ---------------------------------------------------------- */

static void set_var(struct psvm_cpu_vmcb *vmcb, const struct scope_var *v)
{
	switch (v->word) {
	case WORD_INT_CTL:
		vmcb->words.int_ctl |= v->bits;
		break;
	case WORD_CR:
		vmcb->cr |= (uint32_t)v->bits;
		break;
	case WORD_MISC1:
		vmcb->words.misc1 |= (uint32_t)v->bits;
		break;
	default:
		vmcb->misc2 |= (uint32_t)v->bits;
	}
}

struct start scope_start(struct scope_first first, uint32_t set)
{
	struct start s = { .vmcb12 = { .words = { .int_ctl = PRIO_FIXED |
							     PRIO(PRIO_FIXED) | VECTOR,
						  .int_state = first.shadow,
						  .event_inj = first.event_inj,
						  .misc1 = PSVM_INTERCEPT_MASK(CPUID) },
				       .rflags_if = first.l2_if },
			   .l1_if = first.l1_if,
			   .tpr = 4 };

	for (unsigned i = 0; i < scope_var_count; i++)
		if (set >> i & 1)
			set_var(&s.vmcb12, &scope_vars[i]);
	return s;
}

/* --- a variable by its bits ---------------------------------------------- */

unsigned scope_var_of(unsigned word, uint64_t bits)
{
	for (unsigned i = 0; i < scope_var_count; i++)
		if (scope_vars[i].word == word && (scope_vars[i].bits & bits) != 0)
			return i;
	return scope_var_count;
}
