/* SPDX-License-Identifier: MIT */
/*
 * Foreign code, in shared objects made of tests/adapters: what cannot be checked is
 * refused with the reason and the input, what depends on an unusual bit is found to. With
 * an argument, the name of a rule set: its own functions behind an adapter are that rule
 * set, to psvm diff and to psvm check.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define PSVM_EXTERN
#include "psvm/check.h"
#include "psvm/rule_sets.h"
#include "rows.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifndef PSVM_ADAPTERS
#define PSVM_ADAPTERS "."
#endif

enum { RANDOM = 1 << 16 };

static const struct psvm_foreign_limits limits = { .seconds = 2, .random = RANDOM };
static char error[2048];

static struct psvm_foreign *open_adapter(const char *name)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s.so", PSVM_ADAPTERS, name);
	return psvm_foreign_open(path, &limits, error, sizeof(error));
}

/* --- what cannot be checked ---------------------------------------------- */

struct refused_row {
	const char *name;
	const char *expected[2];
};

/* V_NMI of 12 is what makes some of them go wrong: the input that is told has it. */
#define WITH_V_NMI "input: struct psvm_nested { .v12 = { .int_ctl = 0x"
static struct refused_row refused_rows[] = {
	{ "crashes", { "refresh crashes (", WITH_V_NMI } },
	{ "loops", { "refresh does not return within 2 s", WITH_V_NMI } },
	{ "ends", { "refresh ends the process", WITH_V_NMI } },
	{ "ends_idle", { "refresh ends the process" } },
	{ "leaves", { "refresh crashes (", WITH_V_NMI } },
	{ "writes_input", { "refresh writes to its input", "input: " } },
	{ "writes_beyond", { "refresh reads or writes beyond its arguments", "input: " } },
	{ "reads_beyond", { "refresh reads or writes beyond its arguments", "input: " } },
	{ "writes_before", { "refresh writes before its result", "input: " } },
	{ "writes_words", { "refresh changes words that nobody stores then", "input: " } },
	{ "counts", { "refresh has two answers to one question", "input: " } },
	{ "nonsense", { "refresh returns what means nothing", WITH_V_NMI } },
	{ "nonsense_gif", { "refresh returns what means nothing", "input: " } },
	{ "nonsense_queue", { "refresh returns what means nothing", "input: " } },
	{ "nonsense_requests", { "refresh returns what means nothing", "input: " } },
	{ "nonsense_store", { "refresh returns what means nothing", "input: " } },
	{ "remembers", { "refresh has two answers to one question", "input: " } },
	{ "scribbles", { "refresh ends the process" } },
	{ "recurses", { "refresh crashes (", "input: " } },
	{ "counts_nmis",
	  { "refresh cannot be tabulated: \"int_ctl of 12\" depends on how many NMIs wait" } },
	{ "needs_all",
	  { "refresh cannot be tabulated: \"int_ctl of 12\" depends on more than 22 "
	    "conditions" } },
	{ "looks_at_vector", { "\"int_ctl of 12\" depends on the vector that waits" } },
	{ "looks_at_source", { "\"int_ctl of 12\" depends on the vector that waits" } },
	{ "old", { "its adapter is of version 0 with 8 bytes, not 1 with " } },
	{ "empty", { "its adapter has no function" } },
	{ "nameless", { "its adapter has no name" } },
	{ "unknown", { "its adapter names an unknown rule set, 'linux-9'" } },
	{ "constructor", { "crashes (", "when it is loaded" } },
	{ "nothing", { "it exports no psvm_adapter (psvm/adapter.h)" } },
	{ "missing", { "No such file or directory" } },
	{ "unresolved", { "it cannot be loaded (undefined symbol: psvm_no_such_function)" } },
};

static void test_refused(void **state)
{
	const struct refused_row *row = *state;

	error[0] = '\0';
	assert_null(open_adapter(row->name));
	for (size_t i = 0; i < N_ROWS(row->expected) && row->expected[i]; i++)
		if (strstr(error, row->expected[i]) == NULL)
			fail_msg("'%s' is not in: %s", row->expected[i], error);
}

/* The input is one with which it goes wrong. */
static void test_input(void **state)
{
	const char *at;
	unsigned long long int_ctl = 0;

	(void)state;
	assert_null(open_adapter("crashes"));
	at = strstr(error, ".v12 = { .int_ctl = ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, ".v12 = { .int_ctl = %llx", &int_ctl), 1);
	assert_int_not_equal(int_ctl & PSVM_V_NMI, 0);
}

/* --- what it depends on -------------------------------------------------- */

struct depends_row {
	const char *name;
	const char *discovered;
	const char *condition; /* under which it is not exact */
};

static struct depends_row depends_rows[] = {
	{ "looks_aside", "V_IGN_TPR in int_ctl of 02 = 1 at refresh",
	  "V_IGN_TPR in int_ctl of 02 = 1" },
	{ "looks_elsewhere", "L2 is in an interrupt shadow at refresh",
	  "L2 is in an interrupt shadow" },
	{ "looks_at_queue", "L0 has an NMI for L1 queued at refresh",
	  "L0 has an NMI for L1 queued" },
};

static void test_depends(void **state)
{
	const struct depends_row *row = *state;
	struct psvm_foreign *f = open_adapter(row->name);
	const struct psvm_tabulated *known;
	char words[PSVM_WORDS_SIZE];
	struct psvm_diff diff;

	assert_non_null(f);
	known = psvm_foreign_tabulated(f);
	assert_string_equal(known->discovered, row->discovered);
	assert_string_equal(known->name, "odd");
	assert_string_equal(known->functions, "refresh");
	assert_int_equal(known->random, RANDOM);
	assert_true(psvm_diff_run(&diff, psvm_l0_of(&psvm_rules_exact),
				  psvm_foreign_l0(f)));
	assert_int_equal(diff.n_changes, 1);
	assert_int_equal(diff.changes[0].n_terms, 1);
	(void)psvm_words_of_term(words, sizeof(words),
				 &diff.scopes[diff.changes[0].scope],
				 diff.changes[0].terms[0]);
	assert_string_equal(words, row->condition);
	psvm_diff_free(&diff);
	psvm_foreign_close(f);
}

/* At the steps that are about one outcome only, what decides about the outcome is no
 * news, and what matters with the other one is not asked for. */
static void test_outcome(void **state)
{
	struct psvm_foreign *f = open_adapter("fails_oddly");

	(void)state;
	if (f == NULL)
		fail_msg("%s", error);
	assert_string_equal(psvm_foreign_tabulated(f)->discovered,
			    "V_IGN_TPR in int_ctl of 12 = 1 at enter, "
			    "GUEST_INTERRUPT_MASK in int_state of 12 = 1 at enter");
	/* The second half either succeeds or fails. */
	assert_int_equal(psvm_foreign_tabulated(f)->random, 2 * RANDOM);
	psvm_foreign_close(f);
}

/* --- linked in ----------------------------------------------------------- */

static void refresh(const struct psvm_nested *n, struct psvm_result *r)
{
	struct psvm_result right = psvm_refresh(&psvm_rules_xen, *n);

	*r = right;
}

static void test_linked(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked\33[2J", "xen"),
		.refresh = refresh,
	};
	struct psvm_foreign *f = psvm_foreign_of(&adapter, &limits, error, sizeof(error));
	struct psvm_diff diff;

	(void)state;
	assert_non_null(f);
	assert_string_equal(psvm_foreign_tabulated(f)->name, "linked?[2J");
	assert_string_equal(psvm_foreign_tabulated(f)->rules, "xen");
	assert_true(psvm_diff_run(&diff, psvm_l0_of(&psvm_rules_xen), psvm_foreign_l0(f)));
	assert_int_equal(diff.n_changes, 0);
	psvm_diff_free(&diff);
	psvm_foreign_close(f);
}

static uint32_t route(const struct psvm_nested *n, uint64_t exit_code,
		      const struct psvm_intercepts *i12, const struct psvm_intercepts *i01)
{
	(void)n;
	(void)exit_code;
	(void)i12;
	(void)i01;
	return PSVM_L1_BITMAP + 1;
}

static uint32_t arrival(const struct psvm_nested *n)
{
	(void)n;
	return PSVM_OPEN_WINDOW + 1;
}

/* There is nobody to go to, and nothing to do. */
static void test_nonsense(void **state)
{
	static const struct psvm_adapter routes = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.route = route,
	};
	static const struct psvm_adapter arrives = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.arrival = arrival,
	};

	(void)state;
	assert_null(psvm_foreign_of(&routes, &limits, error, sizeof(error)));
	assert_non_null(strstr(error, "route returns what means nothing; input: "));
	assert_non_null(strstr(error, ", i12 { "));
	assert_null(psvm_foreign_of(&arrives, &limits, error, sizeof(error)));
	assert_non_null(strstr(error, "arrival returns what means nothing; input: "));
}

static uint32_t arrives_now(const struct psvm_nested *n)
{
	(void)n;
	return PSVM_EXIT;
}

/* Once more what was asked just before: the order is turned round there. */
static uint32_t asked_again(const struct psvm_nested *n)
{
	static struct psvm_nested before;
	static bool any;
	bool again = any && memcmp(&before, n, sizeof(before)) == 0;

	any = true;
	before = *n;
	return again ? PSVM_OPEN_WINDOW + 1 : PSVM_OPEN_WINDOW;
}

static void test_nonsense_again(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.arrival = asked_again,
	};

	(void)state;
	assert_null(psvm_foreign_of(&adapter, &limits, error, sizeof(error)));
	assert_non_null(strstr(error, "arrival returns what means nothing; input: "));
}

static void hand_back(const struct psvm_nested *n, struct psvm_result *r)
{
	bool gif = (n->facts & PSVM_C(L1_GIF)) != 0;

	if (r->v12.int_ctl != n->v12.int_ctl || r->v02.int_ctl != n->v02.int_ctl ||
	    r->v01.int_ctl != n->v01.int_ctl || r->gif != gif || r->requests != 0 ||
	    r->store12 != 0 || r->nmi_change != 0 || r->outcome != PSVM_DONE)
		_exit(1);
	memset(r, 0, sizeof(*r));
}

static void merge(const struct psvm_nested *n, const struct psvm_intercepts *i12,
		  const struct psvm_intercepts *i01, struct psvm_intercepts *i02)
{
	(void)n;
	for (size_t i = 0; i < N_ROWS(i02->word); i++) {
		if (i02->word[i] != 0)
			_exit(1);
		i02->word[i] = i12->word[i] | i01->word[i];
	}
}

/* A bit in another word of intercepts is nothing that a table could have. */
static void merge_aside(const struct psvm_nested *n, const struct psvm_intercepts *i12,
			const struct psvm_intercepts *i01, struct psvm_intercepts *i02)
{
	merge(n, i12, i01, i02);
	i02->word[0] ^= i01->word[5] & 1;
}

static void test_intercepts(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.merge = merge_aside,
	};

	(void)state;
	assert_null(psvm_foreign_of(&adapter, &limits, error, sizeof(error)));
	assert_string_equal(error, "merge cannot be tabulated: \"intercepts 000h of 02\" "
				   "depends on intercepts of other words");
}

/* What a function gets is what psvm/adapter.h says, whatever the call before has left. */
static void test_passed(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.hand_back = hand_back,
		.merge = merge,
	};
	struct psvm_foreign *f = psvm_foreign_of(&adapter, &limits, error, sizeof(error));

	(void)state;
	assert_non_null(f);
	assert_string_equal(psvm_foreign_tabulated(f)->discovered, "");
	psvm_foreign_close(f);
}

/* --- what a transition must not write ------------------------------------ */

/* The word of a result that the function behind the adapter changes. */
static struct psvm_words *(*vmcb_to_change)(struct psvm_result *r);
static size_t byte_to_change;

static struct psvm_words *v12(struct psvm_result *r)
{
	return &r->v12;
}

static struct psvm_words *v02(struct psvm_result *r)
{
	return &r->v02;
}

static struct psvm_words *v01(struct psvm_result *r)
{
	return &r->v01;
}

static void changes(const struct psvm_nested *n, struct psvm_result *r)
{
	(void)n;
	((unsigned char *)vmcb_to_change(r))[byte_to_change] ^= 1;
}

static const struct psvm_adapter changes_at_snapshot = {
	PSVM_ADAPTER_HEAD("linked", "exact"),
	.snapshot = changes,
};
static const struct psvm_adapter changes_at_refresh = {
	PSVM_ADAPTER_HEAD("linked", "exact"),
	.refresh = changes,
};
static const struct psvm_adapter changes_at_window = {
	PSVM_ADAPTER_HEAD("linked", "exact"),
	.window_open = changes,
};
static const struct psvm_adapter changes_at_close = {
	PSVM_ADAPTER_HEAD("linked", "exact"),
	.window_close = changes,
};

/* psvm/nested.h: snapshot and refresh make 12 of 02; a window is L0's own. */
static const struct {
	const struct psvm_adapter *adapter;
	struct psvm_words *(*vmcb)(struct psvm_result *r);
	const char *function;
} unstored[] = {
	{ &changes_at_snapshot, v02, "snapshot" }, { &changes_at_snapshot, v01, "snapshot" },
	{ &changes_at_refresh, v02, "refresh" },   { &changes_at_refresh, v01, "refresh" },
	{ &changes_at_window, v12, "window_open" }, { &changes_at_close, v12, "window_close" },
};

static void test_unstored(void **state)
{
	static const size_t bytes[] = { offsetof(struct psvm_words, int_ctl),
					offsetof(struct psvm_words, int_state),
					offsetof(struct psvm_words, event_inj),
					offsetof(struct psvm_words, exit_int_info),
					offsetof(struct psvm_words, misc1),
					offsetof(struct psvm_words, tlb_control) };
	char expected[128];

	(void)state;
	for (size_t i = 0; i < N_ROWS(unstored) * N_ROWS(bytes); i++) {
		vmcb_to_change = unstored[i / N_ROWS(bytes)].vmcb;
		byte_to_change = bytes[i % N_ROWS(bytes)];
		(void)snprintf(expected, sizeof(expected),
			       "%s changes words that nobody stores then; input: ",
			       unstored[i / N_ROWS(bytes)].function);
		assert_null(psvm_foreign_of(unstored[i / N_ROWS(bytes)].adapter, &limits,
					    error, sizeof(error)));
		assert_non_null(strstr(error, expected));
	}
}

/* --- what ends while it is asked why --------------------------------------- */

/* One answer is an odd one, to an input that only the single bits after the table make:
 * psvm asks again then, for the input that it had the other answer from, for this one,
 * and for what lies between. */
static unsigned ends_at; /* this time that it is asked for the odd one; 0: before it is */

static void ends_late(const struct psvm_nested *n, struct psvm_result *r)
{
	static unsigned first, odd;

	/* The first single bit is asked for first and last. */
	if (ends_at == 0 && first == 2)
		_exit(0);
	first += n->v12.int_ctl == 1;
	if (n->v02.int_ctl != PSVM_V_IGN_TPR)
		return;
	if (++odd == ends_at)
		_exit(0);
	r->v12.int_ctl ^= 1;
}

static void test_ends_late(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.refresh = ends_late,
	};
	static const unsigned times[] = { 0, 1, 3, 5 };

	(void)state;
	for (size_t i = 0; i < N_ROWS(times); i++) {
		ends_at = times[i];
		assert_null(psvm_foreign_of(&adapter, &limits, error, sizeof(error)));
		assert_ptr_equal(strstr(error, "refresh ends the process; input: "), error);
	}
	ends_at = 1000000;
	assert_null(psvm_foreign_of(&adapter, &limits, error, sizeof(error)));
	assert_non_null(strstr(error, "refresh cannot be tabulated: "));
}

/* --- what it says of itself ---------------------------------------------- */

static void leaves_all(const struct psvm_nested *n, struct psvm_result *r)
{
	(void)n;
	(void)r;
}

static void test_head(void **state)
{
	static const struct psvm_adapter longer = {
		PSVM_ADAPTER_VERSION, sizeof(longer) + 8, "longer", "exact",
		.refresh = leaves_all,
	};
	static const struct psvm_adapter no_rules = {
		PSVM_ADAPTER_HEAD("no rules", NULL),
		.refresh = leaves_all,
	};
	static const struct psvm_adapter no_name = {
		PSVM_ADAPTER_HEAD("", "exact"),
		.refresh = leaves_all,
	};
	static const struct {
		const struct psvm_adapter *adapter;
		const char *expected;
	} rows[] = {
		{ &longer, "its adapter is of version 1 with " },
		{ &no_rules, "its adapter has no rule set for what it leaves out" },
		{ &no_name, "its adapter has no name" },
	};

	(void)state;
	for (size_t i = 0; i < N_ROWS(rows); i++) {
		assert_null(psvm_foreign_of(rows[i].adapter, &limits, error,
					    sizeof(error)));
		assert_ptr_equal(strstr(error, rows[i].expected), error);
	}
}

/* How an object file for this machine begins, with one byte changed, and no more than so
 * many bytes. */
static const struct {
	size_t changed, size;
	const char *expected;
} begins[] = {
	{ EI_PAD, sizeof(Elf64_Ehdr), "it cannot be loaded (" },
	{ EI_MAG0, sizeof(Elf64_Ehdr), "it is not a shared object for this machine (" },
	{ EI_CLASS, sizeof(Elf64_Ehdr), "it is not a shared object for this machine (" },
	{ EI_DATA, sizeof(Elf64_Ehdr), "it is not a shared object for this machine (" },
	{ offsetof(Elf64_Ehdr, e_type), sizeof(Elf64_Ehdr),
	  "it is not a shared object for this machine (" },
	{ offsetof(Elf64_Ehdr, e_machine), sizeof(Elf64_Ehdr),
	  "it is not a shared object for this machine (" },
	{ EI_PAD, EI_NIDENT, "it is not a shared object for this machine (" },
	{ EI_PAD, 0, "it is not a shared object for this machine (" },
};

static void test_begins(void **state)
{
	const uint16_t type = ET_DYN;

	(void)state;
	for (size_t i = 0; i < N_ROWS(begins); i++) {
		char path[] = "/tmp/psvm-XXXXXX";
		int object = mkstemp(path), own = open("/proc/self/exe", O_RDONLY);
		unsigned char bytes[sizeof(Elf64_Ehdr)];

		assert_int_equal(read(own, bytes, sizeof(bytes)), sizeof(bytes));
		memcpy(bytes + offsetof(Elf64_Ehdr, e_type), &type, sizeof(type));
		bytes[begins[i].changed] ^= 0x40;
		assert_int_equal(write(object, bytes, begins[i].size), begins[i].size);
		close(own);
		close(object);
		assert_null(psvm_foreign_open(path, &limits, error, sizeof(error)));
		assert_int_equal(unlink(path), 0);
		assert_ptr_equal(strstr(error, begins[i].expected), error);
	}
}

/* A name that is too long is cut. */
static void test_long_name(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("0123456789012345678901234567890123456789"
				  "0123456789012345678901234567890123456789",
				  "exact"),
		.arrival = arrives_now,
	};
	struct psvm_foreign *f = psvm_foreign_of(&adapter, &limits, error, sizeof(error));
	const char *name;

	(void)state;
	assert_non_null(f);
	name = psvm_foreign_tabulated(f)->name;
	assert_true(strlen(name) >= 40 && strlen(name) < 80);
	assert_memory_equal(name, adapter.name, strlen(name));
	psvm_foreign_close(f);
}

/* A hypervisor may insist on what is always so: L0 uses what it offers. */
static void snapshot(const struct psvm_nested *n, struct psvm_result *r)
{
	if ((n->facts & PSVM_C(OFFER_VNMI)) == 0)
		return;
	if ((n->facts & PSVM_C(HOST_VNMI)) == 0)
		_exit(1);
	r->v12.int_ctl ^= PSVM_V_TPR;
}

static void test_possible(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.snapshot = snapshot,
	};
	struct psvm_foreign *f = psvm_foreign_of(&adapter, &limits, error, sizeof(error));

	(void)state;
	assert_non_null(f);
	assert_string_equal(psvm_foreign_tabulated(f)->discovered,
			    "vNMI is offered to L1 at snapshot");
	psvm_foreign_close(f);
}

/* VMRUN is gone through three times, and what it depends on is told once. */
static void enter(const struct psvm_nested *n, struct psvm_result *r)
{
	*r = psvm_enter(&psvm_rules_exact, *n);
	if (n->v02.int_ctl & PSVM_V_IGN_TPR)
		r->v12.int_ctl ^= PSVM_V_TPR;
}

static void test_told_once(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.enter = enter,
	};
	struct psvm_foreign *f = psvm_foreign_of(&adapter, &limits, error, sizeof(error));

	(void)state;
	assert_non_null(f);
	assert_string_equal(psvm_foreign_tabulated(f)->discovered,
			    "V_IGN_TPR in int_ctl of 02 = 1 at enter");
	psvm_foreign_close(f);
}

/* --- interrupted --------------------------------------------------------- */

static void wake(int number)
{
	(void)number;
}

/* Whoever has timers is served, too: a signal is no answer. */
static void test_interrupted(void **state)
{
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "xen"),
		.refresh = refresh,
	};
	static const struct itimerval often = { { 0, 50 }, { 0, 50 } }, never;
	struct sigaction action = { .sa_handler = wake };
	struct psvm_foreign *f;

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	f = psvm_foreign_of(&adapter, &limits, error, sizeof(error));
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_non_null(f);
	psvm_foreign_close(f);
}

/* --- limited ------------------------------------------------------------- */

/* Of the processor, what the last call has used: never more than has gone by. */
static volatile clock_t *spent;

static void lingers(const struct psvm_nested *n, struct psvm_result *r)
{
	static const struct timespec shortly = { 0, 2000000 };
	static int calls;
	clock_t begin = clock();

	(void)n;
	(void)r;
	while (calls == 50)
		*spent = clock() - begin;
	(void)nanosleep(&shortly, NULL);
	calls++;
}

/* Not twice the limit, though other calls have returned while psvm waited. */
static void test_limit(void **state)
{
	static const struct psvm_foreign_limits second = { .seconds = 1 };
	static const struct psvm_adapter adapter = {
		PSVM_ADAPTER_HEAD("linked", "exact"),
		.refresh = lingers,
	};

	(void)state;
	spent = mmap(NULL, sizeof(*spent), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal((const void *)(uintptr_t)spent, MAP_FAILED);
	assert_null(psvm_foreign_of(&adapter, &second, error, sizeof(error)));
	assert_non_null(strstr(error, "refresh does not return within 1 s; input: "));
	assert_true(*spent < CLOCKS_PER_SEC * 5 / 4);
}

/* --- a rule set behind an adapter ---------------------------------------- */

static struct psvm_check_result check(struct psvm_l0 l0)
{
	struct psvm_check_request request = { .l0 = l0,
					      .scope = "default",
					      .shard = 6,
					      .shards = 20,
					      .threads = 1,
					      .max_states = 1 << 20,
					      .implicit_event = true };
	struct psvm_check_result result;

	assert_null(psvm_check(&request, &result));
	assert_true(result.complete);
	return result;
}

/* The classes and the lengths of their stories are those of the rule set. */
static void assert_same_findings(struct psvm_l0 rules, struct psvm_l0 foreign)
{
	struct psvm_check_result a = check(rules), b = check(foreign);

	assert_true(b.states != 0);
	assert_int_equal(a.finding_count, b.finding_count);
	for (size_t i = 0; i < a.finding_count; i++) {
		size_t k = 0;

		while (k < b.finding_count && a.findings[i].cause != b.findings[k].cause)
			k++;
		assert_true(k < b.finding_count);
		assert_int_equal(a.findings[i].step_count, b.findings[k].step_count);
	}
	psvm_check_free(&a);
	psvm_check_free(&b);
}

static void test_whole(void **state)
{
	const char *name = *state;
	struct psvm_l0 rules = psvm_l0_of(psvm_rules_by_name(name));
	char object[64];
	struct psvm_foreign *f;
	struct psvm_diff diff;

	(void)snprintf(object, sizeof(object), "whole_%s", name);
	f = open_adapter(object);
	assert_non_null(f);
	assert_string_equal(psvm_foreign_tabulated(f)->functions,
			    "snapshot, enter, reenter, merge, window_open, window_close, "
			    "refresh, hand_back, route, arrival");
	assert_string_equal(psvm_foreign_tabulated(f)->discovered, "");
	assert_true(psvm_diff_run(&diff, rules, psvm_foreign_l0(f)));
	assert_int_equal(diff.n_changes, 0);
	psvm_diff_free(&diff);
	assert_same_findings(rules, psvm_foreign_l0(f));
	psvm_foreign_close(f);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[16 + N_ROWS(refused_rows) + N_ROWS(depends_rows)] = {
		cmocka_unit_test(test_linked),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_possible),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_passed),
		cmocka_unit_test(test_intercepts),
		cmocka_unit_test(test_outcome),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_nonsense_again),
		cmocka_unit_test(test_unstored),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_ends_late),
		cmocka_unit_test(test_told_once),
	};
	size_t n = 16;

	if (argc == 2) {
		tests[0] = (struct CMUnitTest){ argv[1], test_whole, NULL, NULL, argv[1] };
		return _cmocka_run_group_tests("foreign", tests, 1, NULL, NULL) != 0;
	}
	for (size_t i = 0; i < N_ROWS(refused_rows); i++)
		tests[n++] = (struct CMUnitTest){ refused_rows[i].name, test_refused, NULL,
						  NULL, &refused_rows[i] };
	for (size_t i = 0; i < N_ROWS(depends_rows); i++)
		tests[n++] = (struct CMUnitTest){ depends_rows[i].name, test_depends, NULL,
						  NULL, &depends_rows[i] };
	return _cmocka_run_group_tests("foreign", tests, n, NULL, NULL) != 0;
}
