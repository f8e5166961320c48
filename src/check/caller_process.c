/* SPDX-License-Identifier: MIT */
/*
 * The arguments of a call are laid out so that a stray access is seen: the input is
 * mapped a second time, without the right to write, and what follows input and result
 * cannot be touched at all.
 */
#include "caller_process.h"

#include "psvm/rule_sets.h"
#include "rows.h"

#include <ctype.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct arguments {
	struct psvm_nested nested;
	struct psvm_intercepts i12, i01;
};

union answer {
	struct psvm_result result;
	struct psvm_intercepts i02;
};

/* One process, one adapter. */
static struct {
	struct caller_shared *shared;
	const struct psvm_adapter *adapter;
	char *input, *input_end; /* what the functions see */
	char *beyond_answer;
	size_t page;
	struct arguments *fill; /* the input, to write */
	const struct arguments *arguments;
	union answer *answer;
	unsigned char *before; /* the answer, in its page */
	size_t before_size;
} here;

enum { CANARY = 0xa5 };

enum {
#define BIT(name, bit, words) | 1 << bit
	ALL_FIELDS = 0 PSVM_FIELDS(BIT),
	ALL_REQUESTS = 0 PSVM_REQUESTS(BIT)
#undef BIT
};

/* --- where arguments are ------------------------------------------------- */

/* Two pages at an address, the second one out of reach. */
static char *guarded(int file, int protection)
{
	int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	char *at = mmap(NULL, 2 * here.page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED ||
	    mmap(at, here.page, protection, flags | MAP_FIXED, file, 0) == MAP_FAILED)
		return NULL;
	return at;
}

static size_t aligned(size_t size)
{
	return (size + 15) / 16 * 16;
}

static bool lay_out(void)
{
	int file = memfd_create("psvm", 0);
	size_t begin;
	char *fill, *answer;

	here.page = (size_t)sysconf(_SC_PAGESIZE);
	if (file < 0 || ftruncate(file, (off_t)here.page) != 0)
		return false;
	fill = guarded(file, PROT_READ | PROT_WRITE);
	here.input = guarded(file, PROT_READ);
	answer = guarded(-1, PROT_READ | PROT_WRITE);
	if (fill == NULL || here.input == NULL || answer == NULL)
		return false;
	begin = here.page - aligned(sizeof(struct arguments));
	here.fill = (struct arguments *)(void *)(fill + begin);
	here.arguments = (const struct arguments *)(void *)(here.input + begin);
	here.input_end = here.input + here.page;
	begin = here.page - aligned(sizeof(union answer));
	here.answer = (union answer *)(void *)(answer + begin);
	here.before = (unsigned char *)answer;
	here.before_size = begin;
	here.beyond_answer = answer + here.page;
	memset(here.before, CANARY, begin);
	return true;
}

/* --- signals ------------------------------------------------------------- */

static bool within(const void *address, const char *begin)
{
	return (const char *)address >= begin &&
	       (const char *)address < begin + here.page;
}

/* Say what was touched, and end as if nobody had caught it. */
static void caught(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (within(info->si_addr, here.input))
		here.shared->fault = CALLER_WROTE_INPUT;
	else if (within(info->si_addr, here.input_end) ||
		 within(info->si_addr, here.beyond_answer))
		here.shared->fault = CALLER_WROTE_BEYOND;
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* On a stack of its own: foreign code may have used up the other one. */
static void catch_faults(void)
{
	static char room[1 << 16];
	static const stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = caught;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	(void)sigaltstack(&stack, NULL);
	(void)sigaction(SIGSEGV, &action, NULL);
	(void)sigaction(SIGBUS, &action, NULL);
}

/* --- calls --------------------------------------------------------------- */

static psvm_adapter_transition *transition_of(enum psvm_moment moment)
{
	psvm_adapter_transition *const of[PSVM_MOMENT_COUNT] = {
#define TRANSITION(moment, member) [PSVM_MOMENT_##moment] = here.adapter->member,
		CALLER_TRANSITIONS(TRANSITION)
#undef TRANSITION
	};

	return of[moment];
}

/* A bit for each moment that has a function. */
static uint32_t functions_of(const struct psvm_adapter *a)
{
	uint32_t bits = 0;

#define FUNCTION(moment, member) \
	bits |= (uint32_t)(a->member != NULL) << PSVM_MOMENT_##moment;
	CALLER_FUNCTIONS(FUNCTION)
#undef FUNCTION
	return bits;
}

static bool same_words(const struct psvm_words *a, const struct psvm_words *b)
{
	return a->int_ctl == b->int_ctl && a->int_state == b->int_state &&
	       a->event_inj == b->event_inj && a->exit_int_info == b->exit_int_info &&
	       a->misc1 == b->misc1 && a->tlb_control == b->tlb_control;
}

/* Only what the caller of a transition stores may change. */
static enum caller_fault check_words(enum psvm_moment moment, const struct psvm_result *r)
{
	const struct psvm_nested *n = &here.fill->nested;
	bool snapshot = moment == PSVM_MOMENT_SNAPSHOT || moment == PSVM_MOMENT_REFRESH;
	bool window = moment == PSVM_MOMENT_WINDOW || moment == PSVM_MOMENT_CLOSE;

	if (window && !same_words(&r->v12, &n->v12))
		return CALLER_WROTE_WORDS;
	if (snapshot && !(same_words(&r->v02, &n->v02) && same_words(&r->v01, &n->v01)))
		return CALLER_WROTE_WORDS;
	return CALLER_GOOD;
}

static enum caller_fault check_result(enum psvm_moment moment,
				      const struct psvm_result *r)
{
	bool entry = moment == PSVM_MOMENT_ENTER || moment == PSVM_MOMENT_REENTER;
	uint8_t other = entry			       ? PSVM_VMEXIT_INVALID
			: moment == PSVM_MOMENT_WINDOW ? PSVM_NO_WINDOW
						       : PSVM_DONE;

	if ((r->outcome != PSVM_DONE && r->outcome != other) || r->gif > 1 ||
	    r->nmi_change < -1 || r->nmi_change > 1 ||
	    (r->requests & ~(uint32_t)ALL_REQUESTS) != 0 ||
	    (r->store12 & ~(uint32_t)ALL_FIELDS) != 0)
		return CALLER_NONSENSE;
	return check_words(moment, r);
}

static enum caller_fault call_transition(const struct step *step, uint64_t *outputs)
{
	struct psvm_result *r = &here.answer->result;
	const struct psvm_nested *n = &here.fill->nested;

	memset(r, 0, sizeof(*r));
	r->v12 = n->v12;
	r->v02 = n->v02;
	r->v01 = n->v01;
	r->gif = (uint8_t)(n->facts >> PSVM_C_L1_GIF_BIT & 1);
	transition_of(step->moment)(&here.arguments->nested, r);
	if (step->n_outputs == 1)
		outputs[0] = r->outcome;
	else
		diff_put_result(outputs, r);
	return check_result(step->moment, r);
}

static enum caller_fault call_merge(uint64_t *outputs)
{
	struct psvm_intercepts *i02 = &here.answer->i02;

	memset(i02, 0, sizeof(*i02));
	here.adapter->merge(&here.arguments->nested, &here.arguments->i12,
			    &here.arguments->i01, i02);
	for (size_t i = 0; i < N_ROWS(i02->word); i++)
		outputs[i] = i02->word[i];
	return CALLER_GOOD;
}

static uint32_t route(void *nonsense, uint64_t exit_code)
{
	uint32_t level = here.adapter->route(&here.arguments->nested, exit_code,
					     &here.arguments->i12, &here.arguments->i01);

	*(bool *)nonsense |= level > PSVM_L1_BITMAP;
	return level;
}

static enum caller_fault call(const struct step *step, uint64_t *outputs)
{
	bool nonsense = false;

	switch (step->moment) {
	case PSVM_MOMENT_MERGE:
		return call_merge(outputs);
	case PSVM_MOMENT_ROUTE:
		diff_route(route, &nonsense, outputs);
		return nonsense ? CALLER_NONSENSE : CALLER_GOOD;
	case PSVM_MOMENT_ARRIVE:
		outputs[0] = here.adapter->arrival(&here.arguments->nested);
		return outputs[0] > PSVM_OPEN_WINDOW ? CALLER_NONSENSE : CALLER_GOOD;
	default:
		return call_transition(step, outputs);
	}
}

static bool run_one(const struct step *step, uint32_t at, uint64_t *outputs)
{
	const struct psvm_diff_input *input = &here.shared->calls[at].input;
	enum caller_fault fault;

	here.shared->at = at;
	here.fill->nested = input->nested;
	here.fill->i12 = input->i12;
	here.fill->i01 = input->i01;
	fault = call(step, outputs);
	here.shared->done++;
	for (size_t i = 1; i <= 64; i++)
		if (here.before[here.before_size - i] != CANARY)
			fault = CALLER_WROTE_BEFORE;
	if (fault != CALLER_GOOD)
		here.shared->fault = fault;
	return fault == CALLER_GOOD;
}

/* All calls, and again from the last to the first: what a function has kept of another
 * call shows. */
static void run_all(void)
{
	const struct step *step = &diff_steps[here.shared->step];
	size_t size = step->n_outputs * sizeof(uint64_t);

	for (uint32_t i = 0; i < here.shared->count; i++)
		if (!run_one(step, i, here.shared->calls[i].outputs))
			return;
	for (uint32_t i = here.shared->count; i-- > 0;) {
		uint64_t again[MAX_OUTPUTS];

		if (!run_one(step, i, again))
			return;
		if (memcmp(again, here.shared->calls[i].outputs, size) != 0) {
			here.shared->fault = CALLER_TWO_ANSWERS;
			return;
		}
	}
}

/* --- opening ------------------------------------------------------------- */

/* How an ELF file begins, whatever its class. */
struct elf_begin {
	unsigned char ident[EI_NIDENT];
	uint16_t type, machine;
};

/* False: it cannot be opened. What is not there is 0. */
static bool read_begin(const char *path, struct elf_begin *begin)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);

	memset(begin, 0, sizeof(*begin));
	if (file < 0)
		return false;
	if (read(file, begin, sizeof(*begin)) != sizeof(*begin))
		memset(begin, 0, sizeof(*begin));
	close(file);
	return true;
}

/* As this program is: class, order of bytes, and machine. */
static bool is_for_here(const struct elf_begin *object)
{
	struct elf_begin own;

	(void)read_begin("/proc/self/exe", &own);
	return object->type == ET_DYN &&
	       memcmp(object->ident, own.ident, EI_VERSION) == 0 &&
	       object->machine == own.machine;
}

/* Why it could not be loaded. The linker says the path again. */
static void tell_load(const char *path, const char *why)
{
	size_t length = strlen(path);
	struct elf_begin begin;
	struct text error = { here.shared->error, sizeof(here.shared->error), 0 };

	if (!read_begin(path, &begin)) {
		text_add(&error, "%s", strerror(errno));
		return;
	}
	if (strncmp(why, path, length) == 0 && strncmp(why + length, ": ", 2) == 0)
		why += length + 2;
	text_add(&error, "it %s (%s)",
		 is_for_here(&begin) ? "cannot be loaded"
				     : "is not a shared object for this machine",
		 why);
}

static const struct psvm_adapter *load(const char *path)
{
	struct caller_shared *s = here.shared;
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const void *symbol = object != NULL ? dlsym(object, PSVM_ADAPTER_SYMBOL) : NULL;

	if (object == NULL)
		tell_load(path, dlerror());
	else if (symbol == NULL)
		(void)snprintf(s->error, sizeof(s->error),
			       "it exports no " PSVM_ADAPTER_SYMBOL " (psvm/adapter.h)");
	return symbol;
}

/* A text of the adapter, without what would do something to a terminal. */
static bool copy(char *to, size_t size, const char *from, const char *what)
{
	size_t length = 0;

	for (; from != NULL && from[length] != '\0' && length < size - 1; length++)
		to[length] = isprint((unsigned char)from[length]) ? from[length] : '?';
	to[length] = '\0';
	if (length != 0)
		return true;
	(void)snprintf(here.shared->error, sizeof(here.shared->error),
		       "its adapter has no %s", what);
	return false;
}

static bool adopt(const struct psvm_adapter *a)
{
	struct caller_shared *s = here.shared;

	if (a->version != PSVM_ADAPTER_VERSION || a->size != sizeof(*a)) {
		(void)snprintf(
			s->error, sizeof(s->error),
			"its adapter is of version %u with %u bytes, not %u with %u",
			(unsigned)a->version, (unsigned)a->size,
			(unsigned)PSVM_ADAPTER_VERSION, (unsigned)sizeof(*a));
		return false;
	}
	here.adapter = a;
	if (!copy(s->name, sizeof(s->name), a->name, "name") ||
	    !copy(s->rules, sizeof(s->rules), a->rules,
		  "rule set for what it leaves out"))
		return false;
	s->has = functions_of(a);
	if (s->has == 0)
		(void)snprintf(s->error, sizeof(s->error), "its adapter has no function");
	return s->has != 0;
}

static void open_adapter(const char *path, const struct psvm_adapter *adapter)
{
	catch_faults();
	if (!lay_out()) {
		(void)snprintf(here.shared->error, sizeof(here.shared->error),
			       "out of memory");
		return;
	}
	if (adapter == NULL)
		adapter = load(path);
	if (adapter != NULL)
		(void)adopt(adapter);
}

static void end_with_parent(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* A loop would run on without psvm, and so would what foreign code starts: psvm ends the
 * group, and if psvm is ended, each ends with the one that has started it. */
static void be_ended(void)
{
	(void)setpgid(0, 0);
	end_with_parent();
	(void)pthread_atfork(NULL, NULL, end_with_parent);
}

_Noreturn void caller_process(struct caller_shared *shared, const char *path,
			      const struct psvm_adapter *adapter, int line)
{
	char byte;

	here.shared = shared;
	be_ended();
	(void)dup2(STDERR_FILENO, STDOUT_FILENO); /* psvm's own output is none of its */
	open_adapter(path, adapter);
	while (send(line, "", 1, MSG_NOSIGNAL) == 1 && read(line, &byte, 1) == 1)
		run_all();
	_exit(0);
}
