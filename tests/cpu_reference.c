/* SPDX-License-Identifier: MIT */
/*
 * A processor with SVM as tables: what may be taken, what exits, what fails VMRUN,
 * and where each bit comes from.
 *
 * References
 *   [APM] AMD64 Architecture Programmer's Manual volume 2, order 24593,
 *         revision 3.44: 8.5, 15.5.1, 15.6, 15.7, 15.9, 15.13.1, 15.15, 15.17,
 *         15.20, 15.21, 15.29.4.1, 15.33.
 *
 * How to read it. A situation is a set of facts: flags, properties of the model,
 * and what 060h, the intercepts and an event say. A condition is two sets: of
 * facts that hold and of facts that do not. Rows of the same thing are
 * alternatives.
 *
 * Everything that changes is in one table, becomes[]: on an occasion (VMRUN loads,
 * an STI runs, a virtual NMI is delivered) and under a condition, these bits of this
 * word become those bits of that word, all at once and read before any of it
 * changes. Where two rows write a bit, the later one is an exception to the
 * earlier one. A bit that no row names stays as it is.
 *
 * A step is a sequence of occasions: the five functions at the end.
 */
#define PSVM_EXTERN /* declarations; none of the product's bodies */
#include "cpu_reference.h"

#define N_ROWS(array) (sizeof(array) / sizeof((array)[0]))

/* The bits of 060h, APM table B-1. */
enum {
	V_TPR = 0,
	V_TPR_LAST = 3,
	V_TPR_SBZ = 4,
	V_TPR_SBZ_LAST = 7,
	V_IRQ = 8,
	V_GIF = 9,
	V_NMI = 11,
	V_NMI_MASK = 12,
	BYTE_061_LAST = 15,
	V_INTR_PRIO = 16,
	V_IGN_TPR = 20,
	V_INTR_MASKING = 24,
	V_GIF_ENABLE = 25,
	V_NMI_ENABLE = 26,
	X2AVIC_ENABLE = 30,
	AVIC_ENABLE = 31,
	V_INTR_VECTOR = 32,
};

/* The bits of other words, APM table B-1 and 15.20. */
enum {
	INTERRUPT_SHADOW = 0, /* of 068h */
	EVENT_VECTOR = 0,     /* of EVENTINJ and EXITINTINFO */
	EVENT_VECTOR_LAST = 7,
	EVENT_TYPE = 8,
	EVENT_V = 31,
	CLEAN_I = 0, /* of 0C0h */
	CLEAN_TPR = 3,
	CR8_READ = 8, /* of 000h */
	CR8_WRITE = 24,
	INTR = 0, /* of 00Ch */
	NMI = 1,
	VINTR = 4,
	CPUID = 18,
	IRET = 20,
	HLT = 24,
	VMRUN = 0, /* of 010h */
	VMMCALL = 1,
	STGI = 4,
	CLGI = 5,
};

enum {
	FIRST_OF_00C = 0x60, /* exit code of bit 0 of 00Ch, APM appendix C */
	FIRST_OF_010 = 0x80,
	NMI_VECTOR = 2,
	EXCEPTIONS = 32, /* vectors of exceptions are below */
};
#define EXIT_INVALID UINT64_MAX

/* Every word that a rule reads or writes. */
enum word {
	FLAGS, /* the processor */
	INT_CTL,
	INTERCEPTS_CR,
	INTERCEPTS_1,
	INTERCEPTS_2,
	APIC_TPR,
	APIC_INTR,
	AT_060, /* the VMCB */
	AT_068,
	AT_088,
	AT_0A8,
	AT_000,
	AT_00C,
	AT_010,
	AT_570_IF,
	STEP_FLAGS, /* the processor after the delivery that is cut short */
	STEP_INT_CTL,
	STEP_INTR,
	VALUE, /* the argument of the step */
	READ,  /* what the instruction has read */
	EVENT, /* what is delivered */
	ZEROS,
	ONES,
	WORDS
};

struct situation {
	uint64_t word[WORDS];
	uint64_t facts;
};

/* --- facts */

/*
 * What 060h and the intercepts say, they say to a guest: in the host no such
 * fact holds (15.5, 15.6). A feature that the model lacks is not enabled.
 */
enum fact {
	FACT_V_IRQ,
	FACT_V_GIF_0, /* virtual GIF is enabled, and 0 */
	FACT_V_NMI,
	FACT_V_NMI_MASK,
	FACT_IGN_TPR,
	FACT_PRIO_ABOVE, /* V_INTR_PRIO > V_TPR */
	FACT_PRIO_IS_TPR,
	FACT_MASKING,
	FACT_VGIF, /* enabled */
	FACT_VNMI,
	FACT_AVIC,
	FACT_X2AVIC,
	FACT_INTR_ABOVE, /* the local APIC has an interrupt above its TPR */
	FACT_X_INTR,	 /* intercepts */
	FACT_X_NMI,
	FACT_X_VINTR,
	FACT_X_VMRUN,
	FACT_CLEAN_TPR, /* of the VMCB; honoured */
	FACT_CLEAN_I,
	FACT_BAD,
	FACT_EVENT,	 /* bit V of EVENTINJ, or of the event that is cut short */
	FACT_EVENT_0,	 /* its TYPE: 0 to 7 */
	FACT_EVENT_NMI = FACT_EVENT_0 + 2,
	FACT_EVENT_EXCEPTION = FACT_EVENT_0 + 3,
	FACT_EVENT_7 = FACT_EVENT_0 + 7,
	FACT_VECTOR_EXCEPTION, /* its vector is one of an exception */
	FACTS
};

/* A situation is one word: flags, then the model, then facts. */
#define FLAGS_END  10
#define MODEL_BITS 22

#define FLAG(name)  (UINT64_C(1) << PSVM_CPU_F_##name##_BIT)
#define MODEL(name) (UINT64_C(1) << (FLAGS_END + PSVM_CPU_##name##_BIT))
#define FACT(name)  (UINT64_C(1) << (32 + FACT_##name))
#define TYPE(n)	    (UINT64_C(1) << (32 + FACT_EVENT_0 + (n)))

_Static_assert(PSVM_CPU_F_V_IRQ_HIDDEN_BIT < FLAGS_END &&
		       PSVM_CPU_BYTE_068_BIT < MODEL_BITS && FACTS <= 32,
	       "a situation is one word");

static bool bit(uint64_t word, unsigned int n)
{
	return word >> n & 1;
}

static unsigned int four_bits(uint64_t word, unsigned int first)
{
	return (unsigned int)(word >> first) & 15;
}

static uint64_t fact_if(bool holds, enum fact fact)
{
	return (uint64_t)holds << (32 + (unsigned int)fact);
}

static uint64_t facts_of_guest(uint32_t model, const uint64_t *word)
{
	uint64_t ctl = word[INT_CTL];
	unsigned int prio = four_bits(ctl, V_INTR_PRIO), tpr = four_bits(ctl, V_TPR);
	bool vgif = bit(ctl, V_GIF_ENABLE) && bit(model, PSVM_CPU_VGIF_BIT);
	bool vnmi = bit(ctl, V_NMI_ENABLE) && bit(model, PSVM_CPU_VNMI_BIT);

	return fact_if(bit(ctl, V_IRQ), FACT_V_IRQ) |
	       fact_if(vgif && !bit(ctl, V_GIF), FACT_V_GIF_0) |
	       fact_if(bit(ctl, V_NMI), FACT_V_NMI) |
	       fact_if(bit(ctl, V_NMI_MASK), FACT_V_NMI_MASK) |
	       fact_if(bit(ctl, V_IGN_TPR), FACT_IGN_TPR) |
	       fact_if(prio > tpr, FACT_PRIO_ABOVE) | fact_if(prio == tpr, FACT_PRIO_IS_TPR) |
	       fact_if(bit(ctl, V_INTR_MASKING), FACT_MASKING) | fact_if(vgif, FACT_VGIF) |
	       fact_if(vnmi, FACT_VNMI) | fact_if(bit(ctl, AVIC_ENABLE), FACT_AVIC) |
	       fact_if(bit(ctl, X2AVIC_ENABLE), FACT_X2AVIC) |
	       fact_if(bit(word[INTERCEPTS_1], INTR), FACT_X_INTR) |
	       fact_if(bit(word[INTERCEPTS_1], NMI), FACT_X_NMI) |
	       fact_if(bit(word[INTERCEPTS_1], VINTR), FACT_X_VINTR) |
	       fact_if(bit(word[INTERCEPTS_2], VMRUN), FACT_X_VMRUN);
}

static uint64_t facts_of_event(uint64_t event)
{
	unsigned int vector = event & 0xff, type = event >> EVENT_TYPE & 7;

	return fact_if(bit(event, EVENT_V), FACT_EVENT) | TYPE(type) |
	       fact_if(vector < EXCEPTIONS && vector != NMI_VECTOR, FACT_VECTOR_EXCEPTION);
}

static uint64_t facts_of_vmcb(uint32_t model, const struct psvm_cpu_vmcb *vmcb)
{
	bool clean = bit(model, PSVM_CPU_CLEAN_BIT);

	return fact_if(clean && bit(vmcb->clean, CLEAN_TPR), FACT_CLEAN_TPR) |
	       fact_if(clean && bit(vmcb->clean, CLEAN_I), FACT_CLEAN_I) |
	       fact_if(vmcb->bad, FACT_BAD) | facts_of_event(vmcb->words.event_inj);
}

/* Look at the processor again; what was said about VMCB and event stays. */
static void look(uint32_t model, struct situation *s)
{
	const uint64_t of_argument = FACT(CLEAN_TPR) | FACT(CLEAN_I) | FACT(BAD) |
				     FACT(EVENT) | FACT(VECTOR_EXCEPTION) | TYPE(0) |
				     TYPE(1) | TYPE(2) | TYPE(3) | TYPE(4) | TYPE(5) |
				     TYPE(6) | TYPE(7);
	uint64_t flags = s->word[FLAGS] & ((UINT32_C(1) << FLAGS_END) - 1);
	uint64_t has = model & ((UINT32_C(1) << MODEL_BITS) - 1);

	s->facts = (s->facts & of_argument) | flags | has << FLAGS_END |
		   fact_if(s->word[APIC_INTR] >> 4 > s->word[APIC_TPR], FACT_INTR_ABOVE);
	if (bit(flags, PSVM_CPU_F_GUEST_BIT))
		s->facts |= facts_of_guest(model, s->word);
}

static bool holds(const struct situation *s, uint64_t when, uint64_t unless)
{
	return (s->facts & when) == when && !(s->facts & unless);
}

/* --- what may be taken between two instructions */

enum event { NO_EVENT, THE_NMI, THE_VNMI, THE_INTR, THE_VIRQ };

/* Highest first: 8.5; physical before virtual, 15.21.4, 15.21.10. */
static const enum event order[2][4] = {
	{ THE_NMI, THE_INTR, THE_VNMI, THE_VIRQ },
	{ THE_NMI, THE_VNMI, THE_INTR, THE_VIRQ }, /* VNMI_BEFORE_INTR */
};

/* 15.21.4, 15.33.2: all but priority. A shadow is one more, 15.21.5. */
#define V_IRQ_WHEN   (FLAG(GUEST) | FLAG(GIF) | FLAG(IF) | FACT(V_IRQ))
#define V_IRQ_UNLESS (FACT(V_GIF_0) | FACT(AVIC))
/* ... and when nobody looks. */
#define V_IRQ_HELD   (V_IRQ_UNLESS | FLAG(SHADOW) | FLAG(V_IRQ_HIDDEN))

static const struct {
	enum event event;
	uint64_t when, unless;
} may_be_taken[] = {
	/* 15.17; no shadow holds it (15.21.5 names interrupts and virtual NMIs) */
	{ THE_NMI, FLAG(GIF) | FLAG(NMI), FLAG(NMI_BLOCKED) },
	/* 15.21.10, 15.33.2; whatever RFLAGS.IF is */
	{ THE_VNMI, FLAG(GUEST) | FLAG(GIF) | FACT(VNMI) | FACT(V_NMI),
	  FACT(V_NMI_MASK) | FACT(V_GIF_0) | FLAG(SHADOW) },
	/* 15.21.1: RFLAGS.IF, or with V_INTR_MASKING the host's */
	{ THE_INTR, FLAG(GIF) | FACT(INTR_ABOVE) | FLAG(IF), FACT(MASKING) | FLAG(SHADOW) },
	{ THE_INTR, FLAG(GIF) | FACT(INTR_ABOVE) | FACT(MASKING) | FLAG(HOST_IF),
	  FLAG(SHADOW) | MODEL(GUEST_IF_GATES) },
	{ THE_INTR, FLAG(GIF) | FACT(INTR_ABOVE) | FACT(MASKING) | FLAG(HOST_IF),
	  MODEL(SHADOW_HOLDS_EXIT) | MODEL(GUEST_IF_GATES) },
	/* GUEST_IF_GATES */
	{ THE_INTR,
	  FLAG(GIF) | FACT(INTR_ABOVE) | FACT(MASKING) | FLAG(IF) | MODEL(GUEST_IF_GATES),
	  FLAG(SHADOW) },
	{ THE_INTR,
	  FLAG(GIF) | FACT(INTR_ABOVE) | FACT(MASKING) | FLAG(IF) | MODEL(GUEST_IF_GATES),
	  MODEL(SHADOW_HOLDS_EXIT) },
	/* 15.21.4: V_IGN_TPR, or strictly above V_TPR */
	{ THE_VIRQ, V_IRQ_WHEN | FACT(IGN_TPR), V_IRQ_HELD },
	{ THE_VIRQ, V_IRQ_WHEN | FACT(PRIO_ABOVE), V_IRQ_HELD },
	/* PRIO_EQUAL, NO_REMASK */
	{ THE_VIRQ, V_IRQ_WHEN | FACT(PRIO_IS_TPR) | MODEL(PRIO_EQUAL), V_IRQ_HELD },
	{ THE_VIRQ, V_IRQ_WHEN | FLAG(V_IRQ_OPEN) | MODEL(NO_REMASK), V_IRQ_HELD },
};

static bool may_take(const struct situation *s, enum event event)
{
	for (size_t i = 0; i < N_ROWS(may_be_taken); i++) {
		if (may_be_taken[i].event == event &&
		    holds(s, may_be_taken[i].when, may_be_taken[i].unless))
			return true;
	}
	return false;
}

static enum event highest(const struct situation *s)
{
	const enum event *by_priority = order[holds(s, MODEL(VNMI_BEFORE_INTR), 0)];

	for (size_t i = 0; i < N_ROWS(order[0]); i++) {
		if (may_take(s, by_priority[i]))
			return by_priority[i];
	}
	return NO_EVENT;
}

/* --- what exits */

static const struct {
	uint64_t intercept; /* zero: there is none; V_NMI: 15.21.10 */
	uint64_t exit_code;
} events[] = {
	[THE_NMI] = { FACT(X_NMI), FIRST_OF_00C + NMI },
	[THE_VNMI] = { 0, 0 },
	[THE_INTR] = { FACT(X_INTR), FIRST_OF_00C + INTR },
	[THE_VIRQ] = { FACT(X_VINTR), FIRST_OF_00C + VINTR },
};

/* 15.7 to 15.9, appendix C. A word of ZEROS has no intercept. */
static const struct {
	enum word word;
	unsigned int bit;
	uint64_t exit_code;
	uint64_t unless;
} insns[] = {
	[PSVM_INSN_NOP] = { ZEROS, 0, 0, 0 },
	[PSVM_INSN_CLI] = { ZEROS, 0, 0, 0 },
	[PSVM_INSN_STI] = { ZEROS, 0, 0, 0 },
	[PSVM_INSN_IRET] = { INTERCEPTS_1, IRET, FIRST_OF_00C + IRET, 0 },
	[PSVM_INSN_HLT] = { INTERCEPTS_1, HLT, FIRST_OF_00C + HLT, 0 },
	[PSVM_INSN_CPUID] = { INTERCEPTS_1, CPUID, FIRST_OF_00C + CPUID, 0 },
	[PSVM_INSN_VMRUN] = { INTERCEPTS_2, VMRUN, FIRST_OF_010 + VMRUN, 0 },
	[PSVM_INSN_VMMCALL] = { INTERCEPTS_2, VMMCALL, FIRST_OF_010 + VMMCALL, 0 },
	[PSVM_INSN_STGI] = { INTERCEPTS_2, STGI, FIRST_OF_010 + STGI, 0 },
	[PSVM_INSN_CLGI] = { INTERCEPTS_2, CLGI, FIRST_OF_010 + CLGI, 0 },
	[PSVM_INSN_CR8_READ] = { INTERCEPTS_CR, CR8_READ, CR8_READ,
				 MODEL(NO_CR8_READ_EXIT) },
	[PSVM_INSN_CR8_WRITE] = { INTERCEPTS_CR, CR8_WRITE, CR8_WRITE, 0 },
};

/* --- what fails VMRUN: facts of what was loaded */

static const struct {
	uint64_t when, unless;
} refused[] = {
	{ FACT(BAD), 0 },			  /* 15.5.1, the rest of the list */
	{ 0, FACT(X_VMRUN) },			  /* 15.5.1 */
	{ FACT(X2AVIC), FACT(AVIC) },		  /* 15.29.4.1 */
	{ FACT(VNMI), FACT(X_NMI) },		  /* 15.21.10 */
	{ FACT(EVENT) | TYPE(1), 0 },		  /* 15.20: these types */
	{ FACT(EVENT) | TYPE(5), 0 },
	{ FACT(EVENT) | TYPE(6), 0 },
	{ FACT(EVENT) | TYPE(7), 0 },
	{ FACT(EVENT) | FACT(EVENT_EXCEPTION), FACT(VECTOR_EXCEPTION) }, /* 15.20 */
};

static bool is_refused(const struct situation *s)
{
	for (size_t i = 0; i < N_ROWS(refused); i++) {
		if (holds(s, refused[i].when, refused[i].unless))
			return true;
	}
	return false;
}

/* --- what changes */

/* An instruction that runs is an occasion of its number. */
enum occasion {
	LOAD = PSVM_INSN_COUNT, /* VMRUN: the VMCB */
	FAIL,			/* VMRUN is refused */
	EVALUATE,		/* V_IRQ is looked at */
	STORE,			/* #VMEXIT */
	EXIT,			/* an event is intercepted */
	INJECT,			/* the event of EVENTINJ is delivered, and so on */
	UD,
	DELIVER_NMI,
	DELIVER_VNMI,
	DELIVER_INTR,
	DELIVER_VIRQ,
	CUT, /* a delivery is cut short */
	OCCASIONS
};
_Static_assert(OCCASIONS <= 32, "a set of occasions is one word");

#define ON(occasion)  (UINT32_C(1) << (occasion))
#define INSN(name)    ON(PSVM_INSN_##name)
#define ANY_INSN      (ON(PSVM_INSN_COUNT) - 1)
#define ANY_DELIVERY \
	(ON(INJECT) | ON(UD) | ON(DELIVER_NMI) | ON(DELIVER_VNMI) | ON(DELIVER_INTR) | \
	 ON(DELIVER_VIRQ))
#define ANY_NMI	      (ON(DELIVER_NMI) | ON(DELIVER_VNMI))

#define THE_FLAG(name)	 FLAGS, PSVM_CPU_F_##name##_BIT, PSVM_CPU_F_##name##_BIT
#define BIT(word, n)	 word, n, n
#define ALL32(word)	 word, 0, 31
#define ALL64(word)	 word, 0, 63
#define OF(word, n)	 word, n
#define OF_FLAG(name)	 FLAGS, PSVM_CPU_F_##name##_BIT
#define IS_0		 ZEROS, 0
#define IS_1		 ONES, 0
#define ALWAYS		 0, 0

static const struct {
	uint32_t on;
	uint64_t when, unless;
	enum word word; /* these bits ... */
	uint8_t first, last;
	enum word from; /* ... become those */
	uint8_t from_first;
} becomes[] = {
	/* VMRUN: 15.5.1. What runs from now on is a guest, and not halted. */
	{ ON(LOAD), ALWAYS, THE_FLAG(GUEST), IS_1 },
	{ ON(LOAD), ALWAYS, THE_FLAG(GIF), IS_1 }, /* 15.17 */
	{ ON(LOAD), ALWAYS, THE_FLAG(HALTED), IS_0 },
	{ ON(LOAD), ALWAYS, THE_FLAG(HOST_IF), OF_FLAG(IF) }, /* 15.21.1 */
	{ ON(LOAD), ALWAYS, THE_FLAG(IF), OF(AT_570_IF, 0) },
	{ ON(LOAD), ALWAYS, THE_FLAG(SHADOW), OF(AT_068, INTERRUPT_SHADOW) }, /* 15.21.5 */
	{ ON(LOAD), MODEL(NO_SHADOW_IN), 0, THE_FLAG(SHADOW), IS_0 },
	{ ON(LOAD), ALWAYS, THE_FLAG(V_IRQ_OPEN), IS_0 },
	{ ON(LOAD), ALWAYS, THE_FLAG(V_IRQ_HIDDEN), IS_0 },
	{ ON(LOAD), MODEL(LATE_V_IRQ), 0, THE_FLAG(V_IRQ_HIDDEN), IS_1 },
	/* 060h, bit by bit: table B-1. Clean fields stay: 15.15. */
	{ ON(LOAD), 0, FACT(CLEAN_TPR), ALL64(INT_CTL), OF(AT_060, 0) },
	{ ON(LOAD), 0, FACT(CLEAN_TPR) | MODEL(TPR_BYTE), INT_CTL, V_TPR_SBZ,
	  V_TPR_SBZ_LAST, IS_0 },
	{ ON(LOAD), 0, FACT(CLEAN_TPR) | MODEL(VGIF), BIT(INT_CTL, V_GIF_ENABLE), IS_0 },
	{ ON(LOAD), 0, FACT(CLEAN_TPR) | MODEL(VNMI), BIT(INT_CTL, V_NMI_ENABLE), IS_0 },
	{ ON(LOAD), 0, FACT(CLEAN_I), ALL32(INTERCEPTS_CR), OF(AT_000, 0) },
	{ ON(LOAD), 0, FACT(CLEAN_I), ALL32(INTERCEPTS_1), OF(AT_00C, 0) },
	{ ON(LOAD), 0, FACT(CLEAN_I), ALL32(INTERCEPTS_2), OF(AT_010, 0) },
	/* 15.5.1: the host goes on after VMRUN, with GIF 0 */
	{ ON(FAIL), ALWAYS, THE_FLAG(GIF), IS_0 },
	{ ON(FAIL), ALWAYS, THE_FLAG(SHADOW), IS_0 },

	/* EVENTINJ: 15.20 */
	{ ON(INJECT), ALWAYS, ALL64(EVENT), OF(AT_0A8, 0) },
	/* 15.21.10; without vNMI nothing is blocked, 15.20 */
	{ ON(INJECT), FACT(EVENT_NMI) | FACT(VNMI), 0, BIT(INT_CTL, V_NMI_MASK), IS_1 },
	{ ON(INJECT), FACT(EVENT_NMI) | MODEL(NMI_INJECTED_BLOCKS), FACT(VNMI),
	  THE_FLAG(NMI_BLOCKED), IS_1 },

	/* Any delivery: an interrupt gate. */
	{ ANY_DELIVERY, ALWAYS, THE_FLAG(IF), IS_0 },
	{ ANY_DELIVERY, ALWAYS, THE_FLAG(SHADOW), IS_0 },
	{ ON(INJECT), MODEL(INJECT_IN_SHADOW), 0, THE_FLAG(SHADOW), OF_FLAG(SHADOW) },
	/* HLT is over with the event, and with an exit: 15.7.2 */
	{ ANY_DELIVERY | ON(EXIT) | ON(CUT), ALWAYS, THE_FLAG(HALTED), IS_0 },

	/* The request is gone: 15.21.4, 15.21.10. One that exits stays. */
	{ ON(DELIVER_NMI), ALWAYS, THE_FLAG(NMI), IS_0 },
	{ ON(DELIVER_NMI), ALWAYS, THE_FLAG(NMI_BLOCKED), IS_1 },
	{ ON(DELIVER_VNMI), ALWAYS, BIT(INT_CTL, V_NMI), IS_0 },
	{ ON(DELIVER_VNMI), ALWAYS, BIT(INT_CTL, V_NMI_MASK), IS_1 },
	{ ON(DELIVER_INTR), ALWAYS, APIC_INTR, 0, 7, IS_0 },
	{ ON(DELIVER_INTR), MODEL(INTR_HIDES_V_IRQ), 0, THE_FLAG(V_IRQ_HIDDEN), IS_1 },
	{ ON(DELIVER_VIRQ), ALWAYS, BIT(INT_CTL, V_IRQ), IS_0 },
	{ ON(DELIVER_VIRQ), ALWAYS, THE_FLAG(V_IRQ_OPEN), IS_0 },
	/* Gone is gone, when a fault cuts the delivery short: 15.7.2 */
	{ ON(CUT), ALWAYS, THE_FLAG(NMI), OF(STEP_FLAGS, PSVM_CPU_F_NMI_BIT) },
	{ ON(CUT), ALWAYS, APIC_INTR, 0, 7, OF(STEP_INTR, 0) },
	{ ON(CUT), ALWAYS, BIT(INT_CTL, V_IRQ), OF(STEP_INT_CTL, V_IRQ) },
	{ ON(CUT), ALWAYS, BIT(INT_CTL, V_NMI), OF(STEP_INT_CTL, V_NMI) },
	/* 15.21.10: saved as 0, the injected NMI will set it again */
	{ ON(CUT), FACT(EVENT_NMI) | FACT(VNMI), 0, BIT(INT_CTL, V_NMI_MASK), IS_0 },

	/* What is delivered: 15.20. NMI: vector 2, type 2. #UD: vector 6, type 3. */
	{ ANY_DELIVERY, ALWAYS, BIT(EVENT, EVENT_V), IS_1 },
	{ ANY_NMI, ALWAYS, BIT(EVENT, EVENT_VECTOR + 1), IS_1 },
	{ ANY_NMI, ALWAYS, BIT(EVENT, EVENT_TYPE + 1), IS_1 },
	{ ON(UD), ALWAYS, EVENT, EVENT_VECTOR + 1, EVENT_VECTOR + 2, IS_1 },
	{ ON(UD), ALWAYS, EVENT, EVENT_TYPE, EVENT_TYPE + 1, IS_1 },
	{ ON(DELIVER_INTR), ALWAYS, EVENT, EVENT_VECTOR, EVENT_VECTOR_LAST,
	  OF(APIC_INTR, 0) },
	{ ON(DELIVER_VIRQ), ALWAYS, EVENT, EVENT_VECTOR, EVENT_VECTOR_LAST,
	  OF(INT_CTL, V_INTR_VECTOR) },

	/* Instructions. The shadow of an STI that opens lasts one: 15.21.5. */
	{ ANY_INSN, ALWAYS, THE_FLAG(SHADOW), IS_0 },
	{ INSN(STI), 0, FLAG(IF), THE_FLAG(SHADOW), IS_1 },
	{ INSN(STI), MODEL(STI_SHADOWS), 0, THE_FLAG(SHADOW), IS_1 },
	{ INSN(STI), MODEL(STI_SHADOWS) | FLAG(SHADOW), 0, THE_FLAG(SHADOW), IS_0 },
	{ INSN(STI) | INSN(IRET), ALWAYS, THE_FLAG(IF), IS_1 },
	{ INSN(CLI), ALWAYS, THE_FLAG(IF), IS_0 },
	{ INSN(HLT), ALWAYS, THE_FLAG(HALTED), IS_1 },
	{ INSN(IRET), 0, FACT(VNMI), THE_FLAG(NMI_BLOCKED), IS_0 },
	{ INSN(IRET), FACT(VNMI), 0, BIT(INT_CTL, V_NMI_MASK), IS_0 }, /* 15.21.10 */
	{ INSN(STGI), 0, FACT(VGIF), THE_FLAG(GIF), IS_1 },	       /* 15.17 */
	{ INSN(CLGI), 0, FACT(VGIF), THE_FLAG(GIF), IS_0 },
	{ INSN(STGI), FACT(VGIF), 0, BIT(INT_CTL, V_GIF), IS_1 }, /* 15.33.2 */
	{ INSN(CLGI), FACT(VGIF), 0, BIT(INT_CTL, V_GIF), IS_0 },
	/* 15.21.2: V_TPR always; the local APIC's without V_INTR_MASKING */
	{ INSN(CR8_READ), 0, FACT(MASKING), READ, 0, 3, OF(APIC_TPR, 0) },
	{ INSN(CR8_READ), FACT(MASKING), 0, READ, 0, 3, OF(INT_CTL, V_TPR) },
	{ INSN(CR8_WRITE), 0, FACT(MASKING), APIC_TPR, 0, 3, OF(VALUE, 0) },
	{ INSN(CR8_WRITE), FLAG(GUEST), 0, INT_CTL, V_TPR, V_TPR_LAST, OF(VALUE, 0) },
	/* CR8 is written as a whole, and has no more than 3:0 (table B-1: V_TPR 7:0) */
	{ INSN(CR8_WRITE), FLAG(GUEST), 0, INT_CTL, V_TPR_SBZ, V_TPR_SBZ_LAST, IS_0 },

	/* V_IRQ is looked at, in the models that remember what they saw. */
	{ ON(EVALUATE), ALWAYS, THE_FLAG(V_IRQ_HIDDEN), IS_0 },
	{ ON(EVALUATE), V_IRQ_WHEN | MODEL(NO_REMASK) | FACT(IGN_TPR), V_IRQ_UNLESS,
	  THE_FLAG(V_IRQ_OPEN), IS_1 },
	{ ON(EVALUATE), V_IRQ_WHEN | MODEL(NO_REMASK) | FACT(PRIO_ABOVE), V_IRQ_UNLESS,
	  THE_FLAG(V_IRQ_OPEN), IS_1 },
	{ ON(EVALUATE),
	  V_IRQ_WHEN | MODEL(NO_REMASK) | FACT(PRIO_IS_TPR) | MODEL(PRIO_EQUAL),
	  V_IRQ_UNLESS, THE_FLAG(V_IRQ_OPEN), IS_1 },

	/* #VMEXIT, the VMCB: 15.6, table B-1 */
	{ ON(STORE), ALWAYS, AT_060, V_TPR, V_TPR_LAST, OF(INT_CTL, V_TPR) },
	{ ON(STORE), MODEL(TPR_BYTE), 0, AT_060, V_TPR_SBZ, V_TPR_SBZ_LAST,
	  OF(INT_CTL, V_TPR_SBZ) },
	{ ON(STORE), ALWAYS, BIT(AT_060, V_IRQ), OF(INT_CTL, V_IRQ) },	      /* 15.21.4 */
	{ ON(STORE), FACT(VGIF), 0, BIT(AT_060, V_GIF), OF(INT_CTL, V_GIF) }, /* 15.33.1 */
	{ ON(STORE), FACT(VNMI), 0, BIT(AT_060, V_NMI), OF(INT_CTL, V_NMI) }, /* 15.21.10 */
	{ ON(STORE), FACT(VNMI), 0, BIT(AT_060, V_NMI_MASK), OF(INT_CTL, V_NMI_MASK) },
	{ ON(STORE), MODEL(BYTE_061), 0, AT_060, V_GIF, BYTE_061_LAST, IS_0 },
	{ ON(STORE), MODEL(INT_STATE_WHOLE), 0, ALL64(AT_068), IS_0 },
	{ ON(STORE), MODEL(BYTE_068), 0, AT_068, 0, 7, IS_0 },
	{ ON(STORE), ALWAYS, BIT(AT_068, INTERRUPT_SHADOW), OF_FLAG(SHADOW) }, /* 15.21.5 */
	{ ON(STORE), ALWAYS, ALL64(AT_088), OF(VALUE, 0) },		       /* 15.7.2 */
	{ ON(STORE), 0, MODEL(EVENTINJ_KEPT), ALL64(AT_0A8), IS_0 },	       /* 15.20 */
	{ ON(STORE), ALWAYS, BIT(AT_0A8, EVENT_V), IS_0 },
	{ ON(STORE), ALWAYS, BIT(AT_570_IF, 0), OF_FLAG(IF) },
	/* ... and the processor: 15.6, 15.17, 15.21.1 */
	{ ON(STORE), ALWAYS, ALL32(FLAGS), IS_0 },
	{ ON(STORE), ALWAYS, THE_FLAG(IF), OF_FLAG(HOST_IF) },
	{ ON(STORE), ALWAYS, THE_FLAG(NMI), OF_FLAG(NMI) },
	{ ON(STORE), ALWAYS, THE_FLAG(NMI_BLOCKED), OF_FLAG(NMI_BLOCKED) },
	{ ON(STORE), 0, MODEL(CLEAN), ALL64(INT_CTL), IS_0 },
	{ ON(STORE), 0, MODEL(CLEAN), ALL32(INTERCEPTS_CR), IS_0 },
	{ ON(STORE), 0, MODEL(CLEAN), ALL32(INTERCEPTS_1), IS_0 },
	{ ON(STORE), 0, MODEL(CLEAN), ALL32(INTERCEPTS_2), IS_0 },
};

/* After these V_IRQ is looked at: Bochs does when IF, V_TPR or GIF change, QEMU when
 * CR8 is written (svm-facts.md 4.7). The conditions are those before. */
static const struct {
	uint32_t insns;
	uint64_t when, unless;
} looks_again[] = {
	{ INSN(CR8_WRITE), 0, 0 },
	{ INSN(STGI), 0, MODEL(INTR_HIDES_V_IRQ) | FACT(VGIF) | FLAG(GIF) },
	{ INSN(CLGI), FLAG(GIF), MODEL(INTR_HIDES_V_IRQ) | FACT(VGIF) },
	{ INSN(STGI), FACT(V_GIF_0), MODEL(INTR_HIDES_V_IRQ) },
	{ INSN(CLGI), FACT(VGIF), MODEL(INTR_HIDES_V_IRQ) | FACT(V_GIF_0) },
	{ INSN(STI) | INSN(IRET), 0, MODEL(INTR_HIDES_V_IRQ) | FLAG(IF) },
	{ INSN(CLI), FLAG(IF), MODEL(INTR_HIDES_V_IRQ) },
};

static bool is_looked_at(const struct situation *before, uint32_t insn)
{
	for (size_t i = 0; i < N_ROWS(looks_again); i++) {
		if ((looks_again[i].insns & ON(insn)) &&
		    holds(before, looks_again[i].when, looks_again[i].unless))
			return true;
	}
	return false;
}

static void happens(uint32_t model, struct situation *s, unsigned int occasion)
{
	struct situation before = *s;

	for (size_t i = 0; i < N_ROWS(becomes); i++) {
		if (!(becomes[i].on & ON(occasion)) ||
		    !holds(&before, becomes[i].when, becomes[i].unless))
			continue;
		for (unsigned int n = becomes[i].first; n <= becomes[i].last; n++) {
			unsigned int from = becomes[i].from_first + n - becomes[i].first;
			uint64_t one = UINT64_C(1) << n;

			if (bit(before.word[becomes[i].from], from & 63))
				s->word[becomes[i].word] |= one;
			else
				s->word[becomes[i].word] &= ~one;
		}
	}
	look(model, s);
}

/* --- structs to words and back */

static struct situation situation_of(uint32_t model, struct psvm_cpu cpu)
{
	struct situation s = {
		.word = {
			[FLAGS] = cpu.flags,
			[INT_CTL] = cpu.int_ctl,
			[INTERCEPTS_CR] = cpu.cr,
			[INTERCEPTS_1] = cpu.misc1,
			[INTERCEPTS_2] = cpu.misc2,
			[APIC_TPR] = cpu.tpr,
			[APIC_INTR] = cpu.intr,
			[ONES] = UINT64_MAX,
		},
	};

	look(model, &s);
	return s;
}

static void bring(struct situation *s, const struct psvm_cpu_vmcb *vmcb)
{
	s->word[AT_060] = vmcb->words.int_ctl;
	s->word[AT_068] = vmcb->words.int_state;
	s->word[AT_088] = vmcb->words.exit_int_info;
	s->word[AT_0A8] = vmcb->words.event_inj;
	s->word[AT_000] = vmcb->cr;
	s->word[AT_00C] = vmcb->words.misc1;
	s->word[AT_010] = vmcb->misc2;
	s->word[AT_570_IF] = vmcb->rflags_if;
}

static struct psvm_cpu cpu_of(const struct situation *s)
{
	return (struct psvm_cpu){
		.int_ctl = s->word[INT_CTL],
		.cr = (uint32_t)s->word[INTERCEPTS_CR],
		.misc1 = (uint32_t)s->word[INTERCEPTS_1],
		.misc2 = (uint32_t)s->word[INTERCEPTS_2],
		.flags = (uint32_t)s->word[FLAGS],
		.tpr = (uint8_t)s->word[APIC_TPR],
		.intr = (uint8_t)s->word[APIC_INTR],
	};
}

static struct psvm_cpu_step step_of(const struct situation *s, enum psvm_cpu_what what,
				    uint64_t exit_code)
{
	return (struct psvm_cpu_step){
		.cpu = cpu_of(s),
		.what = what,
		.value = (uint32_t)s->word[READ],
		.event = s->word[EVENT],
		.exit_code = exit_code,
	};
}

/* --- the steps */

static const enum occasion delivery[] = {
	[THE_NMI] = DELIVER_NMI,
	[THE_VNMI] = DELIVER_VNMI,
	[THE_INTR] = DELIVER_INTR,
	[THE_VIRQ] = DELIVER_VIRQ,
};

struct psvm_cpu_step ref_cpu_vmrun(uint32_t model, struct psvm_cpu cpu,
				   struct psvm_cpu_vmcb vmcb)
{
	struct situation s = situation_of(model, cpu), host;

	bring(&s, &vmcb);
	s.facts |= facts_of_vmcb(model, &vmcb);
	host = s;
	happens(model, &s, LOAD);
	if (is_refused(&s)) {
		happens(model, &host, FAIL);
		return step_of(&host, PSVM_CPU_EXITED, EXIT_INVALID);
	}
	if (!holds(&s, MODEL(LATE_V_IRQ), 0))
		happens(model, &s, EVALUATE);
	if (!holds(&s, FACT(EVENT), 0))
		return step_of(&s, PSVM_CPU_RAN, 0);
	happens(model, &s, INJECT);
	return step_of(&s, PSVM_CPU_DELIVERED, 0);
}

struct psvm_cpu_step ref_cpu_boundary(uint32_t model, struct psvm_cpu cpu)
{
	struct situation s = situation_of(model, cpu);
	enum event event = highest(&s);

	if (event == NO_EVENT)
		return step_of(&s, PSVM_CPU_RAN, 0);
	if (s.facts & events[event].intercept) {
		happens(model, &s, EXIT);
		return step_of(&s, PSVM_CPU_EXITED, events[event].exit_code);
	}
	happens(model, &s, delivery[event]);
	return step_of(&s, PSVM_CPU_DELIVERED, 0);
}

struct psvm_cpu_step ref_cpu_execute(uint32_t model, struct psvm_cpu cpu, uint32_t insn,
				     uint32_t value)
{
	struct situation s = situation_of(model, cpu), before = s;

	if (insn >= PSVM_INSN_COUNT)
		insn = PSVM_INSN_NOP;
	if (holds(&s, FLAG(HALTED), 0))
		return step_of(&s, PSVM_CPU_RAN, 0);
	if (holds(&s, FLAG(GUEST), insns[insn].unless) &&
	    bit(s.word[insns[insn].word], insns[insn].bit))
		return step_of(&s, PSVM_CPU_EXITED, insns[insn].exit_code);
	if (ON(insn) & (INSN(VMMCALL) | INSN(VMRUN))) {
		happens(model, &s, UD);
		return step_of(&s, PSVM_CPU_DELIVERED, 0);
	}
	s.word[VALUE] = value;
	happens(model, &s, insn);
	if (is_looked_at(&before, insn))
		happens(model, &s, EVALUATE);
	return step_of(&s, PSVM_CPU_RAN, 0);
}

/* A processor holds no feature that it lacks: here it has them all. */
struct psvm_cpu ref_cpu_cut_short(struct psvm_cpu before, struct psvm_cpu_step step)
{
	const uint32_t model = UINT32_C(1) << PSVM_CPU_VGIF_BIT |
			       UINT32_C(1) << PSVM_CPU_VNMI_BIT;
	struct situation s = situation_of(model, before);

	s.word[STEP_FLAGS] = step.cpu.flags;
	s.word[STEP_INT_CTL] = step.cpu.int_ctl;
	s.word[STEP_INTR] = step.cpu.intr;
	s.facts |= facts_of_event(step.event);
	happens(model, &s, CUT);
	return cpu_of(&s);
}

struct psvm_cpu_exit ref_cpu_vmexit(uint32_t model, struct psvm_cpu cpu,
				    struct psvm_cpu_vmcb vmcb, uint64_t exit_int_info)
{
	struct situation s = situation_of(model, cpu);

	bring(&s, &vmcb);
	s.word[VALUE] = exit_int_info;
	happens(model, &s, STORE);
	vmcb.words.int_ctl = s.word[AT_060];
	vmcb.words.int_state = s.word[AT_068];
	vmcb.words.exit_int_info = s.word[AT_088];
	vmcb.words.event_inj = s.word[AT_0A8];
	vmcb.rflags_if = (uint8_t)s.word[AT_570_IF];
	return (struct psvm_cpu_exit){ .cpu = cpu_of(&s), .vmcb = vmcb };
}
