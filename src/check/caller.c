/* SPDX-License-Identifier: MIT */
#include "caller.h"

#include "caller_process.h"
#include "rows.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct caller {
	struct caller_shared *shared; /* foreign code can write there, too */
	const struct step *step;      /* under way; null: it is being opened */
	pid_t process;
	int line; /* a byte there is an order, a byte back says that it is done */
	uint32_t seconds;
	uint64_t count;
};

/* --- what is wrong ------------------------------------------------------- */

static const char *const functions[PSVM_MOMENT_COUNT] = {
#define FUNCTION(moment, member) [PSVM_MOMENT_##moment] = #member,
	CALLER_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

const char *caller_function(enum psvm_moment moment)
{
	return functions[moment];
}

static void add_input(struct text *error, const struct caller *c)
{
	const struct psvm_diff_input *input =
		&c->shared->calls[c->shared->at % CALLER_BATCH].input;
	char text[1024];

	(void)psvm_initializer_of_input(text, sizeof(text), &input->nested);
	text_add(error, "; input: struct psvm_nested { %s }", text);
	if (c->step->moment != PSVM_MOMENT_MERGE && c->step->moment != PSVM_MOMENT_ROUTE)
		return;
	(void)psvm_initializer_of_intercepts(text, sizeof(text), &input->i12);
	text_add(error, ", i12 { %s }", text);
	(void)psvm_initializer_of_intercepts(text, sizeof(text), &input->i01);
	text_add(error, ", i01 { %s }", text);
}

/* Which function it was, and with what. */
static void tell(struct text *error, const struct caller *c, const char *what)
{
	if (c->step == NULL) {
		text_add(error, "%s when it is loaded", what);
		return;
	}
	text_add(error, "%s %s", functions[c->step->moment], what);
	add_input(error, c);
}

static void tell_end(struct text *error, const struct caller *c, int status)
{
	char what[128];

	if (c->shared->fault == CALLER_WROTE_INPUT)
		tell(error, c, "writes to its input");
	else if (c->shared->fault == CALLER_WROTE_BEYOND)
		tell(error, c, "reads or writes beyond its arguments");
	else if (WIFSIGNALED(status)) {
		text_add(&(struct text){ what, sizeof(what), 0 }, "crashes (%s)",
			 strsignal(WTERMSIG(status)));
		tell(error, c, what);
	} else {
		tell(error, c, "ends the process");
	}
}

/* --- waiting ------------------------------------------------------------- */

/* Has it ended? One that it has started may hold the line still. */
static bool is_over(const struct caller *c)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)c->process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0;
}

/* How it has ended: it does now, unless it has; and with it what it has started. */
static int end_process(struct caller *c)
{
	int status = 0;

	(void)kill(-c->process, SIGKILL);
	(void)kill(c->process, SIGKILL); /* it may have left its group */
	while (waitpid(c->process, &status, 0) < 0 && errno == EINTR)
		;
	c->process = 0;
	return status;
}

/* The process has ended, or is to. */
static bool give_up(struct caller *c, struct text *error, bool late)
{
	bool loops = late && !is_over(c);
	int status = end_process(c);
	char what[64];

	if (!loops) {
		tell_end(error, c, status);
		return false;
	}
	text_add(&(struct text){ what, sizeof(what), 0 }, "does not return within %u s",
		 (unsigned)c->seconds);
	tell(error, c, what);
	return false;
}

static int64_t milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the process answers. A call may take so many seconds, all of them more. When one
 * begins is seen now and then only, so it may take an eighth longer. */
static bool wait_for(struct caller *c, struct text *error)
{
	const int limit = (int)(c->seconds % 86400 * 1000);
	struct pollfd fd = { c->line, POLLIN, 0 };
	uint64_t done = c->shared->done;
	int64_t since = milliseconds();
	char byte;

	while (poll(&fd, 1, limit / 16) <= 0) {
		uint64_t before = done;

		done = c->shared->done;
		if (done != before)
			since = milliseconds();
		else if (milliseconds() - since >= limit)
			return give_up(c, error, true);
	}
	return read(c->line, &byte, 1) == 1 || give_up(c, error, false);
}

/* --- starting ------------------------------------------------------------ */

static bool start_process(struct caller *c, const char *path,
			  const struct psvm_adapter *adapter)
{
	int line[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, line) != 0)
		return false;
	c->process = fork();
	if (c->process == 0) {
		close(line[0]);
		caller_process(c->shared, path, adapter, line[1]);
	}
	if (c->process > 0) /* as it does itself: who is first is not known */
		(void)setpgid(c->process, c->process);
	close(line[1]);
	c->line = line[0];
	return c->process > 0;
}

static void end_texts(struct caller_shared *s)
{
	s->error[sizeof(s->error) - 1] = '\0';
	s->name[sizeof(s->name) - 1] = '\0';
	s->rules[sizeof(s->rules) - 1] = '\0';
}

static bool start(struct caller *c, const char *path, const struct psvm_adapter *adapter,
		  struct text *error)
{
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED) {
		c->shared = NULL;
		text_add(error, "out of memory");
		return false;
	}
	if (!start_process(c, path, adapter)) {
		text_add(error, "cannot start a process");
		return false;
	}
	if (!wait_for(c, error))
		return false;
	end_texts(c->shared);
	text_add(error, "%s", c->shared->error);
	return c->shared->error[0] == '\0';
}

struct caller *caller_start(const char *path, const struct psvm_adapter *adapter,
			    uint32_t seconds, struct text *error)
{
	struct caller *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		text_add(error, "out of memory");
		return NULL;
	}
	c->line = -1;
	c->seconds = seconds;
	if (start(c, path, adapter, error))
		return c;
	caller_end(c);
	return NULL;
}

void caller_end(struct caller *c)
{
	if (c->process > 0)
		(void)end_process(c);
	if (c->line >= 0)
		close(c->line);
	if (c->shared != NULL)
		(void)munmap(c->shared, sizeof(*c->shared));
	free(c);
}

/* --- running ------------------------------------------------------------- */

const char *caller_name(const struct caller *c)
{
	return c->shared->name;
}

const char *caller_rules(const struct caller *c)
{
	return c->shared->rules;
}

bool caller_has(const struct caller *c, enum psvm_moment moment)
{
	return c->shared->has >> moment & 1;
}

struct call *caller_calls(struct caller *c)
{
	return c->shared->calls;
}

uint64_t caller_count(const struct caller *c)
{
	return c->count;
}

static bool judge(struct caller *c, struct text *error)
{
	static const char *const words[] = {
		[CALLER_WROTE_BEFORE] = "writes before its result",
		[CALLER_WROTE_WORDS] = "changes words that nobody stores then",
		[CALLER_NONSENSE] = "returns what means nothing",
		[CALLER_TWO_ANSWERS] = "has two answers to one question",
	};

	uint32_t fault = c->shared->fault;

	if (fault == CALLER_GOOD)
		return true;
	tell(error, c,
	     fault < N_ROWS(words) && words[fault] != NULL ? words[fault]
							   : "writes where it must not");
	return false;
}

bool caller_run(struct caller *c, const struct step *step, uint32_t count,
		struct text *error)
{
	c->step = step;
	c->shared->step = (uint32_t)(step - diff_steps);
	c->shared->count = count;
	c->count += 2 * (uint64_t)count * step->calls;
	if (send(c->line, "", 1, MSG_NOSIGNAL) != 1)
		return give_up(c, error, false);
	return wait_for(c, error) && judge(c, error);
}
