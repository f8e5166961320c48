/* SPDX-License-Identifier: MIT */
/*
 * The bit-effect matrix (effect.h) of the processor of psvm/cpu.h, and of the three
 * functions of psvm/int_ctl.h. With test_effect.c these are all functions of the core
 * that take words (effect.sh).
 *
 *	test_effect_cpu [PATTERN]	cases whose names match, as "cpu_vmrun *"
 *
 * Good inputs are the states that psvm/cpu.h describes: options, flags, levels and truth
 * values that there are; no feature enabled that the model lacks; in the host 060h and the
 * intercepts are zero, or with CLEAN anything; VMRUN by a host that is not halted, #VMEXIT
 * of a guest. psvm_cpu_cut_short() is given the guest, and a delivery as what it has
 * changed: bits of words that no delivery changes are not counted.
 *
 * The lists are by the manual, APM revision 3.44. Compiled with PSVM_REFERENCE this asks
 * the tables of tests/cpu_reference.c, for which they must hold as well.
 */
#include "effect.h"

#ifdef PSVM_REFERENCE
#define PSVM_EXTERN /* declarations; none of the product's bodies */
#include "cpu_reference.h"
#define STEP(name)  ref_cpu_##name
#define FORMULATION "tests/cpu_reference.h"
#else
#include "psvm/cpu.h"
#define STEP(name)  psvm_cpu_##name
#define FORMULATION "psvm/cpu.h"
#endif

#include <inttypes.h>
#include <stdio.h>

/* --- bits ---------------------------------------------------------------- */

#define BIT(n)	     (UINT64_C(1) << (n))
#define BITS(n)	     (UINT64_MAX >> (64 - (n)))
#define ALL32	     BITS(32)
#define ALL64	     BITS(64)
#define FLAG(name)   ((uint64_t)PSVM_CPU_F(name))
#define OPTION(name) ((uint64_t)PSVM_CPU(name))

/* 060h, table B-1 */
#define V_TPR	      BITS(4)
#define V_TPR_7_4     UINT64_C(0x000000f0)
#define V_IRQ	      BIT(8)
#define V_GIF	      BIT(9)
#define V_NMI	      BIT(11)
#define V_NMI_MASK    BIT(12)
#define V_INTR_PRIO   UINT64_C(0x000f0000)
#define V_IGN_TPR     BIT(20)
#define MASKING	      BIT(24)
#define V_GIF_ENABLE  BIT(25)
#define V_NMI_ENABLE  BIT(26)
#define X2AVIC_ENABLE BIT(30)
#define AVIC_ENABLE   BIT(31)
#define VECTOR	      UINT64_C(0x000000ff00000000)
#define SBZ_060	      UINT64_C(0xffffff0038e0e4f0)
#define BYTES_060_061 BITS(16)

/* 068h, 0A8h, 0C0h: 15.21.5, 15.20, 15.15 */
#define SHADOW_068  BIT(0)
#define V	    BIT(31)
#define TYPE_IS_NMI UINT64_C(0x300) /* INTR is 0, NMI 2, an exception 3 */
#define CLEAN_I	    BIT(0)
#define CLEAN_TPR   BIT(3)

/* 00Ch, 010h, 000h */
#define X_INTR	    BIT(0)
#define X_NMI	    BIT(1)
#define X_VINTR	    BIT(4)
#define X_CPUID	    BIT(18)
#define X_IRET	    BIT(20)
#define X_HLT	    BIT(24)
#define X_VMRUN	    BIT(0)
#define X_VMMCALL   BIT(1)
#define X_STGI	    BIT(4)
#define X_CLGI	    BIT(5)
#define X_CR8_READ  BIT(8)
#define X_CR8_WRITE BIT(24)

/* --- inputs and results as vectors of words ------------------------------ */

/* What a delivery may clear, and all that it may change. */
#define CLEARED_CTL  (V_IRQ | V_NMI)
#define DELIVERY_CTL (CLEARED_CTL | V_NMI_MASK)
#define CLEARED_FLAGS \
	(FLAG(IF) | FLAG(SHADOW) | FLAG(NMI) | FLAG(HALTED) | FLAG(V_IRQ_OPEN))
#define DELIVERY_FLAGS (CLEARED_FLAGS | FLAG(NMI_BLOCKED) | FLAG(V_IRQ_HIDDEN))

/* X(name, its bits) */
#define CPU_WORDS(X) \
	X(CPU_INT_CTL, BITS(64)) X(CPU_CR, BITS(32)) X(CPU_MISC1, BITS(32)) \
	X(CPU_MISC2, BITS(32)) X(CPU_FLAGS, BITS(32)) X(CPU_TPR, BITS(8)) \
	X(CPU_INTR, BITS(8))
#define VMCB_WORDS(X) \
	X(VMCB_INT_CTL, BITS(64)) X(VMCB_INT_STATE, BITS(64)) X(VMCB_EVENT_INJ, BITS(64)) \
	X(VMCB_EXIT_INT_INFO, BITS(64)) X(VMCB_MISC1, BITS(32)) X(VMCB_TLB_CONTROL, BITS(8)) \
	X(VMCB_CR, BITS(32)) X(VMCB_MISC2, BITS(32)) X(VMCB_CLEAN, BITS(32)) \
	X(VMCB_IF, BITS(8)) X(VMCB_BAD, BITS(8))
/* A delivery: 1 where it has changed something. */
#define DELIVERY_WORDS(X) \
	X(DID_INT_CTL, DELIVERY_CTL) X(DID_FLAGS, DELIVERY_FLAGS) X(DID_INTR, BITS(1)) \
	X(EVENT, BITS(64))
#define WORDS(X) \
	X(MODEL, BITS(32)) CPU_WORDS(X) VMCB_WORDS(X) DELIVERY_WORDS(X) \
	X(INSN, BITS(32)) X(VALUE, BITS(32)) X(INT_INFO, BITS(64)) \
	X(LOW, BITS(32)) X(HIGH, BITS(32)) X(WORD, BITS(64))

enum word {
#define X(name, bits) name,
	WORDS(X)
#undef X
	N_WORDS,
	WHAT = N_WORDS, /* of a step, besides the event and what it read */
	EXIT_CODE
};
_Static_assert((int)EXIT_CODE < (int)EFFECT_WORDS, "words of a result");

static const struct effect_word words[N_WORDS] = {
#define X(name, bits) { #name, bits },
	WORDS(X)
#undef X
};

/* The bits that psvm/cpu.h gives no meaning: an option and a flag that there are not, CR8
 * above 15, what is not true and not false. */
#define NO_OPTION (ALL32 & ~BITS(20))
#define NO_FLAG	  (ALL32 & ~BITS(10))
#define NO_LEVEL  (BITS(8) & ~BITS(4))
#define NO_TRUTH  (BITS(8) & ~BITS(1))
static const uint64_t meaningless[N_WORDS] = {
	[MODEL] = NO_OPTION, [CPU_FLAGS] = NO_FLAG, [CPU_TPR] = NO_LEVEL,
	[VMCB_IF] = NO_TRUTH, [VMCB_BAD] = NO_TRUTH
};

static struct psvm_cpu unpack_cpu(const uint64_t *in)
{
	struct psvm_cpu cpu;

	cpu.int_ctl = in[CPU_INT_CTL];
	cpu.cr = (uint32_t)in[CPU_CR];
	cpu.misc1 = (uint32_t)in[CPU_MISC1];
	cpu.misc2 = (uint32_t)in[CPU_MISC2];
	cpu.flags = (uint32_t)in[CPU_FLAGS];
	cpu.tpr = (uint8_t)in[CPU_TPR];
	cpu.intr = (uint8_t)in[CPU_INTR];
	return cpu;
}

static void pack_cpu(uint64_t *out, const struct psvm_cpu *cpu)
{
	out[CPU_INT_CTL] = cpu->int_ctl;
	out[CPU_CR] = cpu->cr;
	out[CPU_MISC1] = cpu->misc1;
	out[CPU_MISC2] = cpu->misc2;
	out[CPU_FLAGS] = cpu->flags;
	out[CPU_TPR] = cpu->tpr;
	out[CPU_INTR] = cpu->intr;
}

static struct psvm_cpu_vmcb unpack_vmcb(const uint64_t *in)
{
	struct psvm_cpu_vmcb vmcb;

	vmcb.words.int_ctl = in[VMCB_INT_CTL];
	vmcb.words.int_state = in[VMCB_INT_STATE];
	vmcb.words.event_inj = in[VMCB_EVENT_INJ];
	vmcb.words.exit_int_info = in[VMCB_EXIT_INT_INFO];
	vmcb.words.misc1 = (uint32_t)in[VMCB_MISC1];
	vmcb.words.tlb_control = (uint8_t)in[VMCB_TLB_CONTROL];
	vmcb.cr = (uint32_t)in[VMCB_CR];
	vmcb.misc2 = (uint32_t)in[VMCB_MISC2];
	vmcb.clean = (uint32_t)in[VMCB_CLEAN];
	vmcb.rflags_if = (uint8_t)in[VMCB_IF];
	vmcb.bad = (uint8_t)in[VMCB_BAD];
	return vmcb;
}

static void pack_vmcb(uint64_t *out, const struct psvm_cpu_vmcb *vmcb)
{
	out[VMCB_INT_CTL] = vmcb->words.int_ctl;
	out[VMCB_INT_STATE] = vmcb->words.int_state;
	out[VMCB_EVENT_INJ] = vmcb->words.event_inj;
	out[VMCB_EXIT_INT_INFO] = vmcb->words.exit_int_info;
	out[VMCB_MISC1] = vmcb->words.misc1;
	out[VMCB_TLB_CONTROL] = vmcb->words.tlb_control;
	out[VMCB_CR] = vmcb->cr;
	out[VMCB_MISC2] = vmcb->misc2;
	out[VMCB_CLEAN] = vmcb->clean;
	out[VMCB_IF] = vmcb->rflags_if;
	out[VMCB_BAD] = vmcb->bad;
}

static void pack_step(uint64_t *out, struct psvm_cpu_step step)
{
	pack_cpu(out, &step.cpu);
	out[WHAT] = step.what;
	out[VALUE] = step.value;
	out[EVENT] = step.event;
	out[EXIT_CODE] = step.exit_code;
}

/* The delivery that psvm_cpu_cut_short() is given. */
static struct psvm_cpu_step delivery(const uint64_t *in)
{
	struct psvm_cpu_step step = { .what = PSVM_CPU_DELIVERED, .event = in[EVENT] };

	step.cpu = unpack_cpu(in);
	step.cpu.int_ctl ^= in[DID_INT_CTL];
	step.cpu.flags ^= (uint32_t)in[DID_FLAGS];
	step.cpu.intr = in[DID_INTR] ? 0 : step.cpu.intr;
	return step;
}

/* --- the functions ------------------------------------------------------- */

enum function {
	VMRUN, BOUNDARY, EXECUTE, CUT_SHORT, VMEXIT, JOIN, LOWER, UPPER,
	N_FUNCTIONS
};

#define CPU	 EFFECT_FROM(CPU_INT_CTL, CPU_INTR)
#define VMCB	 EFFECT_FROM(VMCB_INT_CTL, VMCB_BAD)
#define DELIVERY EFFECT_FROM(DID_INT_CTL, EVENT)
static const struct effect_function functions[N_FUNCTIONS] = {
	[VMRUN] = { "cpu_vmrun", EFFECT_WORD(MODEL) | CPU | VMCB, CPU },
	[BOUNDARY] = { "cpu_boundary", EFFECT_WORD(MODEL) | CPU, CPU },
	[EXECUTE] = { "cpu_execute", EFFECT_WORD(MODEL) | CPU | EFFECT_FROM(INSN, VALUE), CPU },
	[CUT_SHORT] = { "cpu_cut_short", CPU | DELIVERY, CPU },
	[VMEXIT] = { "cpu_vmexit", EFFECT_WORD(MODEL) | CPU | VMCB | EFFECT_WORD(INT_INFO),
		     CPU | VMCB },
	[JOIN] = { "int_ctl_join", EFFECT_FROM(LOW, HIGH), 0 },
	[LOWER] = { "int_ctl_low", EFFECT_WORD(WORD), 0 },
	[UPPER] = { "int_ctl_vector", EFFECT_WORD(WORD), 0 }
};

static void take_step(enum function f, const uint64_t *in, uint64_t *out)
{
	uint32_t model = (uint32_t)in[MODEL];
	struct psvm_cpu cpu = unpack_cpu(in);
	struct psvm_cpu_exit left;

	switch (f) {
	case VMRUN:
		pack_step(out, STEP(vmrun)(model, cpu, unpack_vmcb(in)));
		break;
	case BOUNDARY:
		pack_step(out, STEP(boundary)(model, cpu));
		break;
	case EXECUTE:
		pack_step(out, STEP(execute)(model, cpu, (uint32_t)in[INSN],
					(uint32_t)in[VALUE]));
		break;
	case CUT_SHORT:
		cpu = STEP(cut_short)(cpu, delivery(in));
		pack_cpu(out, &cpu);
		break;
	default:
		left = STEP(vmexit)(model, cpu, unpack_vmcb(in), in[INT_INFO]);
		pack_cpu(out, &left.cpu);
		pack_vmcb(out, &left.vmcb);
	}
}

static uint64_t word_of(enum function f, const uint64_t *in)
{
	if (f == JOIN)
		return psvm_int_ctl_join((uint32_t)in[LOW], (uint32_t)in[HIGH]);
	return f == LOWER ? psvm_int_ctl_low(in[WORD]) : psvm_int_ctl_vector(in[WORD]);
}

/* --- good inputs --------------------------------------------------------- */

static uint64_t lacking(uint64_t model)
{
	return (model & OPTION(VGIF) ? 0 : V_GIF_ENABLE) |
	       (model & OPTION(VNMI) ? 0 : V_NMI_ENABLE);
}

static bool means_something(const uint64_t *in)
{
	uint64_t rest = 0;

	for (unsigned int w = 0; w < N_WORDS; w++)
		rest |= in[w] & meaningless[w];
	return rest == 0;
}

static bool good_cpu(const uint64_t *in)
{
	uint64_t left = in[CPU_INT_CTL] | in[CPU_CR] | in[CPU_MISC1] | in[CPU_MISC2];
	bool may_hold = (in[CPU_FLAGS] & FLAG(GUEST)) || (in[MODEL] & OPTION(CLEAN));

	return (in[CPU_INT_CTL] & lacking(in[MODEL])) == 0 && (may_hold || left == 0);
}

/* 15.20: an event that there is. */
enum type { INTR = 0, NMI = 2, EXCEPTION = 3, SWINT = 4 };
static uint64_t type_of(uint64_t event)
{
	return event >> 8 & 7;
}

static bool good_event(uint64_t event)
{
	uint64_t type = type_of(event), vector = event & 0xff;
	bool exception = type == EXCEPTION && vector != 2 && vector < 32;

	return (event & V) && (type == INTR || type == NMI || type == SWINT || exception);
}

/* What a delivery clears was set, the rest that it changes was clear. */
static uint64_t can_change(uint64_t word, uint64_t cleared)
{
	return ~(word ^ cleared);
}

/* One request at most is taken, by an event of its type; an NMI masks others if vNMI is
 * enabled: 15.21.4, 15.21.10. */
static bool good_delivery(const uint64_t *in)
{
	uint64_t intr = (in[DID_INT_CTL] & V_IRQ) | in[DID_INTR];
	uint64_t nmi = (in[DID_INT_CTL] & V_NMI) | (in[DID_FLAGS] & FLAG(NMI));
	uint64_t taken = intr | nmi, type = type_of(in[EVENT]);
	bool masks = in[DID_INT_CTL] & V_NMI_MASK;
	bool may_mask = type == NMI && (in[CPU_INT_CTL] & V_NMI_ENABLE);

	return good_event(in[EVENT]) && (taken & (taken - 1)) == 0 &&
	       (intr == 0 || type == INTR) && (nmi == 0 || type == NMI) &&
	       (!masks || may_mask) && (!in[DID_INTR] || in[CPU_INTR] != 0) &&
	       !(in[DID_INT_CTL] & ~can_change(in[CPU_INT_CTL], CLEARED_CTL)) &&
	       !(in[DID_FLAGS] & ~can_change(in[CPU_FLAGS], CLEARED_FLAGS));
}

static bool good(enum function f, const uint64_t *in)
{
	bool guest = in[CPU_FLAGS] & FLAG(GUEST), halted = in[CPU_FLAGS] & FLAG(HALTED);

	switch (f) {
	case VMRUN:
		return good_cpu(in) && !guest && !halted;
	case CUT_SHORT:
		return guest && good_delivery(in);
	case VMEXIT:
		return good_cpu(in) && guest;
	default:
		return good_cpu(in);
	}
}

static bool run(unsigned int f, const uint64_t *in, uint64_t *out)
{
	if (f >= JOIN) {
		out[WHAT] = word_of((enum function)f, in);
		return true;
	}
	if (!means_something(in))
		return false;
	take_step((enum function)f, in, out);
	return good((enum function)f, in);
}

/* --- pseudo-random inputs ------------------------------------------------ */

static bool once_in(unsigned int n)
{
	return effect_random(32) % n == 0;
}

/* The host has no intercepts, and with CLEAN may have some. */
static void any_cpu(enum function f, uint64_t *in)
{
	bool guest = f == VMEXIT || f == CUT_SHORT || (f != VMRUN && !once_in(4));
	bool holds = guest || ((in[MODEL] & OPTION(CLEAN)) && !once_in(4));

	in[CPU_FLAGS] &= ~(FLAG(GUEST) | FLAG(HALTED));
	in[CPU_FLAGS] |= guest ? FLAG(GUEST) : 0;
	in[CPU_FLAGS] |= f != VMRUN && once_in(8) ? FLAG(HALTED) : 0;
	in[CPU_INTR] = once_in(4) ? 0 : in[CPU_INTR];
	for (unsigned int w = CPU_INT_CTL; w <= CPU_MISC2; w++)
		in[w] = holds ? in[w] : 0;
	if (f != CUT_SHORT)
		in[CPU_INT_CTL] &= ~lacking(in[MODEL]);
}

/* A virtual interrupt about as urgent as the task, with nothing in its way. */
static uint64_t any_v_irq(uint64_t int_ctl)
{
	uint64_t tpr = int_ctl & V_TPR, prio = (tpr + once_in(2)) << 16;

	return (int_ctl & ~(V_NMI | V_INTR_PRIO | V_IGN_TPR | AVIC_ENABLE | X2AVIC_ENABLE)) |
	       V_IRQ | (prio & V_INTR_PRIO);
}

/* Nothing but that. */
static void only_v_irq(uint64_t *in)
{
	in[CPU_INT_CTL] = any_v_irq(in[CPU_INT_CTL]);
	in[VMCB_INT_CTL] = any_v_irq(in[VMCB_INT_CTL]);
	in[VALUE] = in[CPU_INT_CTL];
	in[CPU_FLAGS] &= ~(FLAG(NMI) | FLAG(SHADOW) | FLAG(V_IRQ_HIDDEN));
	in[CPU_FLAGS] |= FLAG(GIF) | FLAG(IF);
	in[CPU_INTR] = 0;
	in[VMCB_IF] = 1;
}

/* Most VMRUNs are fine. */
static void any_vmcb(uint64_t *in)
{
	in[VMCB_MISC1] |= once_in(4) ? 0 : X_NMI;
	in[VMCB_MISC2] |= once_in(8) ? 0 : X_VMRUN;
	in[VMCB_BAD] = once_in(8);
}

/* Some event, and perhaps the request that it came from. */
static void any_delivery(uint64_t *in)
{
	static const enum type types[] = { INTR, NMI, EXCEPTION, SWINT };
	enum type type = types[effect_random(2)];
	bool first = effect_random(1), second = !first && effect_random(1);
	uint64_t masks = in[CPU_INT_CTL] & V_NMI_ENABLE ? V_NMI_MASK : 0;

	in[EVENT] &= ~(UINT64_C(7) << 8) & ~(type == EXCEPTION ? UINT64_C(0xe2) : 0);
	in[EVENT] |= V | (uint64_t)type << 8;
	in[DID_INT_CTL] &= can_change(in[CPU_INT_CTL], CLEARED_CTL) &
			   ((type == INTR && first ? V_IRQ : 0) |
			    (type == NMI && first ? V_NMI : 0) |
			    (type == NMI ? masks : 0));
	in[DID_FLAGS] &= can_change(in[CPU_FLAGS], CLEARED_FLAGS) &
			 ~(type == NMI && second ? 0 : FLAG(NMI));
	in[DID_INTR] = type == INTR && second && in[CPU_INTR] != 0;
}

static void any(unsigned int f, uint64_t *in)
{
	for (unsigned int w = 0; w < N_WORDS; w++)
		in[w] = effect_random(64) & words[w].bits & ~meaningless[w];
	in[INSN] = once_in(64) ? in[INSN] : in[INSN] % PSVM_INSN_COUNT;
	if (once_in(2))
		only_v_irq(in);
	any_cpu((enum function)f, in);
	any_vmcb(in);
	any_delivery(in);
}

static void show(const uint64_t *in)
{
	for (unsigned int w = 0; w < N_WORDS; w++)
		if (in[w] != 0)
			fprintf(stderr, "%s = %#" PRIx64 "\n", words[w].name, in[w]);
}

/* --- bits without an effect ---------------------------------------------- */

/* Options by the step that asks about them, of those that only one does. */
#define OF_VMRUN \
	(OPTION(LATE_V_IRQ) | OPTION(NO_SHADOW_IN) | OPTION(NMI_INJECTED_BLOCKS) | \
	 OPTION(INJECT_IN_SHADOW))
#define OF_BOUNDARY \
	(OPTION(GUEST_IF_GATES) | OPTION(SHADOW_HOLDS_EXIT) | OPTION(VNMI_BEFORE_INTR))
#define OF_EXECUTE (OPTION(NO_CR8_READ_EXIT) | OPTION(STI_SHADOWS))
#define OF_VMEXIT \
	(OPTION(BYTE_061) | OPTION(EVENTINJ_KEPT) | OPTION(INT_STATE_WHOLE) | \
	 OPTION(BYTE_068))
/* Of VMRUN and #VMEXIT; of all but #VMEXIT; of boundary and execute. */
#define OF_LOADING (OPTION(TPR_BYTE) | OPTION(CLEAN))
#define OF_V_IRQ   (OPTION(PRIO_EQUAL) | OPTION(NO_REMASK))
#define OF_HIDING  OPTION(INTR_HIDES_V_IRQ)
#define FEATURES   (OPTION(VGIF) | OPTION(VNMI))

#define OTHER_STEPS  "other steps ask about it"
#define ENABLED	     "060h says what is enabled: VMRUN loads nothing that is not there"
#define NO_SUCH_EXIT "intercepts something else: 15.9, 15.13"
#define LOCAL_APIC   "of the local APIC: 15.21.2"
#define SBZ	     "not read: table B-1"
#define AT_BOUNDARY  "read between instructions"
#define UNDONE	     "as before the delivery: 15.7.2"
#define NOT_WRITTEN  "#VMEXIT does not write it: 15.6, table B-1"

#define NO_MEANING "psvm/cpu.h gives it none"
#define NO_MEANING_IN_CPU(function) \
	{ function, CPU_FLAGS, NO_FLAG, NO_MEANING }, \
	{ function, CPU_TPR, NO_LEVEL, NO_MEANING }
#define NO_MEANING_IN_VMCB(function) \
	{ function, VMCB_IF, NO_TRUTH, NO_MEANING }, \
	{ function, VMCB_BAD, NO_TRUTH, NO_MEANING }

/* No two good inputs differ in these. */
static const struct effect_row fixed[] = {
	{ VMRUN, MODEL, NO_OPTION, NO_MEANING },
	{ BOUNDARY, MODEL, NO_OPTION, NO_MEANING },
	{ EXECUTE, MODEL, NO_OPTION, NO_MEANING },
	{ VMEXIT, MODEL, NO_OPTION, NO_MEANING },
	NO_MEANING_IN_CPU(VMRUN), NO_MEANING_IN_CPU(BOUNDARY), NO_MEANING_IN_CPU(EXECUTE),
	NO_MEANING_IN_CPU(CUT_SHORT), NO_MEANING_IN_CPU(VMEXIT),
	NO_MEANING_IN_VMCB(VMRUN), NO_MEANING_IN_VMCB(VMEXIT),
	{ VMRUN, CPU_FLAGS, FLAG(GUEST) | FLAG(HALTED), "the host executes VMRUN: 15.5" },
	{ CUT_SHORT, CPU_FLAGS, FLAG(GUEST), "a guest was to have the event" },
	{ CUT_SHORT, EVENT, V, "it is an event: 15.20" },
	{ VMEXIT, CPU_FLAGS, FLAG(GUEST), "a guest exits: 15.6" },
};

/* These are not looked at; and a word that is returned has them as they were. */
static const struct effect_row ignored[] = {
	{ VMRUN, MODEL, OF_BOUNDARY | OF_EXECUTE | OF_VMEXIT | OF_HIDING, OTHER_STEPS },
	{ VMRUN, CPU_FLAGS, FLAG(NMI), "it waits until the guest runs: 15.17" },
	{ VMRUN, CPU_TPR, BITS(4), LOCAL_APIC },
	{ VMRUN, CPU_INTR, BITS(8), LOCAL_APIC },
	{ VMRUN, VMCB_INT_STATE, ~SHADOW_068, "nothing but the shadow is loaded: 15.21.5" },
	{ VMRUN, VMCB_EXIT_INT_INFO, ALL64, "an output: 15.7.2" },
	{ VMRUN, VMCB_TLB_CONTROL, BITS(8), "no interrupt: 15.16" },
	{ VMRUN, VMCB_CLEAN, ALL32 & ~(CLEAN_I | CLEAN_TPR), "other fields: 15.15" },

	{ BOUNDARY, MODEL, FEATURES, ENABLED },
	{ BOUNDARY, MODEL, OF_VMRUN | OF_EXECUTE | OF_VMEXIT | OF_LOADING, OTHER_STEPS },
	{ BOUNDARY, CPU_INT_CTL, SBZ_060, SBZ },
	{ BOUNDARY, CPU_INT_CTL, X2AVIC_ENABLE, "only with AVIC: 15.29.4.1" },
	{ BOUNDARY, CPU_CR, ALL32, NO_SUCH_EXIT },
	{ BOUNDARY, CPU_MISC1, ALL32 & ~(X_INTR | X_NMI | X_VINTR), NO_SUCH_EXIT },
	{ BOUNDARY, CPU_MISC2, ALL32, NO_SUCH_EXIT },

	{ EXECUTE, MODEL, FEATURES, ENABLED },
	{ EXECUTE, MODEL, OF_VMRUN | OF_BOUNDARY | OF_VMEXIT | OF_LOADING, OTHER_STEPS },
	{ EXECUTE, CPU_INT_CTL, SBZ_060 & ~V_TPR_7_4, SBZ },
	{ EXECUTE, CPU_INT_CTL, X2AVIC_ENABLE, "only with AVIC: 15.29.4.1" },
	{ EXECUTE, CPU_INT_CTL, V_NMI | VECTOR, AT_BOUNDARY },
	{ EXECUTE, CPU_CR, ALL32 & ~(X_CR8_READ | X_CR8_WRITE), NO_SUCH_EXIT },
	{ EXECUTE, CPU_MISC1, ALL32 & ~(X_CPUID | X_IRET | X_HLT), NO_SUCH_EXIT },
	{ EXECUTE, CPU_MISC2, ALL32 & ~(X_VMRUN | X_VMMCALL | X_STGI | X_CLGI),
	  NO_SUCH_EXIT },
	{ EXECUTE, CPU_FLAGS, FLAG(HOST_IF) | FLAG(NMI), AT_BOUNDARY },
	{ EXECUTE, CPU_INTR, BITS(8), AT_BOUNDARY },
	{ EXECUTE, VALUE, ALL32 & ~V_TPR, "CR8 has four bits: 15.21.2" },

	{ CUT_SHORT, CPU_INT_CTL, ~(V_NMI_MASK | V_NMI_ENABLE), UNDONE },
	{ CUT_SHORT, CPU_CR, ALL32, UNDONE },
	{ CUT_SHORT, CPU_MISC1, ALL32, UNDONE },
	{ CUT_SHORT, CPU_MISC2, ALL32, UNDONE },
	{ CUT_SHORT, CPU_FLAGS, BITS(10) & ~(FLAG(GUEST) | FLAG(HALTED)), UNDONE },
	{ CUT_SHORT, CPU_TPR, BITS(4), LOCAL_APIC },
	{ CUT_SHORT, DID_INT_CTL, V_NMI_MASK, "0 whatever it was: 15.21.10" },
	{ CUT_SHORT, DID_FLAGS, DELIVERY_FLAGS & ~FLAG(NMI), UNDONE },
	{ CUT_SHORT, EVENT, ~(V | TYPE_IS_NMI), "all but an NMI are the same: 15.21.10" },

	{ VMEXIT, MODEL, FEATURES, ENABLED },
	{ VMEXIT, MODEL, OF_VMRUN | OF_BOUNDARY | OF_EXECUTE | OF_V_IRQ | OF_HIDING,
	  OTHER_STEPS },
	{ VMEXIT, CPU_FLAGS, FLAG(NMI) | FLAG(NMI_BLOCKED), "of the processor: 15.17" },
	{ VMEXIT, CPU_TPR, BITS(4), LOCAL_APIC },
	{ VMEXIT, CPU_INTR, BITS(8), LOCAL_APIC },
	{ VMEXIT, VMCB_INT_CTL, ~BYTES_060_061, NOT_WRITTEN },
	{ VMEXIT, VMCB_MISC1, ALL32, NOT_WRITTEN },
	{ VMEXIT, VMCB_TLB_CONTROL, BITS(8), NOT_WRITTEN },
	{ VMEXIT, VMCB_CR, ALL32, NOT_WRITTEN },
	{ VMEXIT, VMCB_MISC2, ALL32, NOT_WRITTEN },
	{ VMEXIT, VMCB_CLEAN, ALL32, NOT_WRITTEN },
	{ VMEXIT, VMCB_BAD, BITS(1), "of VMRUN: 15.5.1" },

	{ LOWER, WORD, ALL32 << 32, "of the other dword" },
	{ UPPER, WORD, ALL32, "of the other dword" },
};

/* Of words that are returned: these come back as something else. */
#define LOADED "loaded from the VMCB, unless it is clean: 15.5.1, 15.15"
#define LOOKED "V_IRQ is looked at anew (options)"
#define HOSTS  "the host's comes back: 15.6"
#define STORED "the processor's is stored: 15.6, 15.21"
static const struct effect_row replaced[] = {
	/* 060h as a clean field: what fails VMRUN, and what opens V_IRQ, counts */
	{ VMRUN, CPU_INT_CTL, SBZ_060 | V_NMI | V_NMI_MASK | MASKING | VECTOR, LOADED },
	{ VMRUN, CPU_CR, ALL32, LOADED },
	{ VMRUN, CPU_MISC1, ALL32 & ~X_NMI, LOADED },
	{ VMRUN, CPU_MISC2, ALL32 & ~X_VMRUN, LOADED },
	{ VMRUN, CPU_FLAGS, FLAG(GIF), "VMRUN sets it: 15.17" },
	{ VMRUN, CPU_FLAGS, FLAG(HOST_IF), "VMRUN latches IF: 15.21.1" },
	{ VMRUN, CPU_FLAGS, FLAG(SHADOW), "the guest's is loaded: 15.21.5" },
	{ VMRUN, CPU_FLAGS, FLAG(NMI_BLOCKED), "an injected NMI sets it (option)" },
	{ VMRUN, CPU_FLAGS, FLAG(V_IRQ_OPEN) | FLAG(V_IRQ_HIDDEN), LOOKED },

	{ BOUNDARY, CPU_FLAGS, FLAG(HALTED), "an event ends HLT" },

	{ EXECUTE, CPU_INT_CTL, V_TPR_7_4, "a write of CR8 clears them: 15.21.2" },
	{ EXECUTE, CPU_INT_CTL, V_NMI_MASK, "IRET clears it: 15.21.10" },
	{ EXECUTE, CPU_FLAGS, FLAG(SHADOW), "it lasts one instruction: 15.21.5" },
	{ EXECUTE, CPU_FLAGS, FLAG(NMI_BLOCKED), "IRET clears it" },
	{ EXECUTE, CPU_FLAGS, FLAG(V_IRQ_OPEN) | FLAG(V_IRQ_HIDDEN), LOOKED },

	{ CUT_SHORT, CPU_INT_CTL, V_NMI_MASK, "0 after an NMI: 15.21.10" },
	{ CUT_SHORT, CPU_FLAGS, FLAG(HALTED), "a #VMEXIT ends HLT" },
	{ CUT_SHORT, CPU_INTR, BITS(8), "the interrupt is taken" },

	{ VMEXIT, CPU_INT_CTL, SBZ_060 & ~V_TPR_7_4, HOSTS },
	{ VMEXIT, CPU_INT_CTL, V_INTR_PRIO | V_IGN_TPR | MASKING | VECTOR, HOSTS },
	{ VMEXIT, CPU_INT_CTL, X2AVIC_ENABLE | AVIC_ENABLE, HOSTS },
	{ VMEXIT, CPU_CR, ALL32, HOSTS },
	{ VMEXIT, CPU_MISC1, ALL32, HOSTS },
	{ VMEXIT, CPU_MISC2, ALL32, HOSTS },
	{ VMEXIT, CPU_FLAGS, FLAG(GIF), "#VMEXIT clears it: 15.17" },
	{ VMEXIT, CPU_FLAGS, FLAG(HALTED) | FLAG(V_IRQ_OPEN) | FLAG(V_IRQ_HIDDEN), HOSTS },
	{ VMEXIT, VMCB_INT_CTL, BYTES_060_061, STORED },
	{ VMEXIT, VMCB_INT_STATE, ALL64, STORED },
	{ VMEXIT, VMCB_EVENT_INJ, ALL64, "cleared: 15.20" },
	{ VMEXIT, VMCB_EXIT_INT_INFO, ALL64, STORED },
	{ VMEXIT, VMCB_IF, BITS(1), STORED },
};

static const struct effect_matrix matrix = {
	.name = FORMULATION " and psvm/int_ctl.h",
	.words = words,
	.n_words = N_WORDS,
	.functions = functions,
	.n_functions = N_FUNCTIONS,
	/* a model has 32 bits, a processor 208, a VMCB 408, a delivery 75 */
	.pairs = (32 + 208 + 408) + (32 + 208) + (32 + 208 + 64) + (208 + 75) +
		 (32 + 208 + 408 + 64) + 3 * 64,
	.samples = 16384,
	.listed = { [EFFECT_FIXED] = EFFECT_ROWS(fixed),
		    [EFFECT_NONE] = EFFECT_ROWS(ignored),
		    [EFFECT_REPLACED] = EFFECT_ROWS(replaced) },
	.any = any,
	.run = run,
	.show = show,
};

int main(int argc, char **argv)
{
	return effect_main(&matrix, argc, argv);
}
