/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "cli.h"
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The columns that are read. X(identifier, name); those of an outcome follow. */
#define COLUMNS(X) \
	X(CASE, "case") \
	X(STATUS, "status") \
	X(PROG, "prog") \
	X(L2_IF, "l2_if") \
	X(L1_IF, "l1_if") \
	X(PENDING, "phys_pending") \
	X(L1_CR8, "l1_cr8") \
	X(FLAGS, "flags") \
	X(INT_CTL, "b_int_ctl") \
	X(INT_VECTOR, "b_int_vector") \
	X(INT_STATE, "b_int_state") \
	X(EVENT_INJ, "b_event_inj") \
	X(MISC1, "b_icpt3") \
	X(MISC2, "b_icpt4") \
	X(EVENTS, "event_log")

enum column {
#define COLUMN(id, name) COLUMN_##id,
	COLUMNS(COLUMN)
#undef COLUMN
		COLUMN_COUNT
};

enum { MAX_FIELDS = 128, MAX_LINE = 8192, TLB_FLUSH = 1, OFFSET_LARGEST = 64 };

struct reader {
	const char *command;
	const char *path;
	FILE *file;
	unsigned line;
	char buffer[MAX_LINE];
	const char *field[MAX_FIELDS];
	size_t fields;
	size_t width; /* fields of the first line */
	size_t column[COLUMN_COUNT], outcome[OUTCOME_COUNT];
	uint64_t last_rip, last_program; /* of the row before */
	enum experiment_send sends;
	bool good;
};

/* The first complaint about a line is the last. */
static bool bad(struct reader *r, const char *why, const char *what)
{
	if (r->good)
		cli_fail(r->command, "%s:%u: %s%s", r->path, r->line, why, what);
	r->good = false;
	return false;
}

/* --- what a file is of --------------------------------------------------- */

/* A KVM whose version is not known is no rule set's. */
static const struct recording_origin origins[] = {
	{ "qemu-7.2.", PROCESSOR_QEMU_7_2, NULL },
	{ "qemu-10.0.", PROCESSOR_QEMU_10_0, NULL },
	{ "bochs-2.7.", PROCESSOR_BOCHS_2_7, NULL },
	{ "kvm-6.1.", PROCESSOR_QEMU_10_0, "linux-6.1" },
	{ "kvm-6.12.", PROCESSOR_QEMU_10_0, "linux-6.12" },
	{ "kvm-7.2.", PROCESSOR_QEMU_10_0, "linux-7.2" },
	{ "kvm-", PROCESSOR_QEMU_10_0, NULL },
};

const struct recording_origin *recording_origin(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < N_ROWS(origins); i++)
		if (strncmp(name, origins[i].name, strlen(origins[i].name)) == 0)
			return &origins[i];
	return NULL;
}

/* --- lines --------------------------------------------------------------- */

static bool split(struct reader *r)
{
	char *at = r->buffer;

	for (r->fields = 0; at != NULL && r->fields < MAX_FIELDS; r->fields++) {
		char *comma = strchr(at, ',');

		r->field[r->fields] = at;
		if (comma != NULL)
			*comma++ = 0;
		at = comma;
	}
	return at == NULL || bad(r, "too many fields", "");
}

/* The next line; false: the end, or it is bad. */
static bool next_line(struct reader *r)
{
	size_t length;

	r->line++;
	if (fgets(r->buffer, sizeof(r->buffer), r->file) == NULL)
		return ferror(r->file) ? bad(r, strerror(errno), "") : false;
	length = strcspn(r->buffer, "\r\n");
	if (r->buffer[length] == 0 && !feof(r->file))
		return bad(r, "a line that is too long, or not text", "");
	r->buffer[length] = 0;
	return split(r);
}

static size_t find(struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->fields; i++)
		if (strcmp(r->field[i], name) == 0)
			return i;
	bad(r, "no column ", name);
	return 0;
}

static bool read_header(struct reader *r)
{
	static const char *const names[] = {
#define COLUMN(id, name) name,
		COLUMNS(COLUMN)
#undef COLUMN
	};

	if (!next_line(r))
		return bad(r, "no line with the names of columns", "");
	r->width = r->fields;
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		r->column[i] = find(r, names[i]);
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (outcome_names[i].format != FORMAT_LETTERS)
			r->outcome[i] = find(r, outcome_names[i].column);
	return r->good;
}

/* --- fields -------------------------------------------------------------- */

/* A number, decimal or with 0x; nothing is 0. */
static uint64_t number(struct reader *r, size_t field, uint64_t max)
{
	const char *text = r->field[field];
	uint64_t value;
	char *end;

	if (*text == 0)
		return 0;
	errno = 0;
	value = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (*end != 0 || strchr("+- \t", *text) != NULL || errno != 0 || value > max)
		bad(r, "not a number as it should be: ", text);
	return value;
}

static uint64_t of(struct reader *r, enum column column, uint64_t max)
{
	return number(r, r->column[column], max);
}

/* An offset of RIP is a difference of two addresses, maybe negative: then it is one of
 * a handler, which lies below the programs. */
static uint64_t offset(struct reader *r, size_t field)
{
	const char *text = r->field[field];
	uint64_t value;
	char *end;

	if (*text == 0)
		return OFFSET_NONE;
	errno = 0;
	value = *text == '-' ? (uint64_t)strtoll(text, &end, 10)
			     : strtoull(text, &end, 10);
	if (*end != 0 || errno != 0)
		bad(r, "not an offset: ", text);
	return value > INT64_MAX ? OFFSET_HANDLER : value;
}

static uint64_t outcome(struct reader *r, enum outcome_column column)
{
	size_t field = r->outcome[column];
	uint64_t value;

	switch (outcome_names[column].format) {
	case FORMAT_OFFSET:
		return offset(r, field);
	case FORMAT_EVENT:
		value = number(r, field, UINT64_MAX);
		return value & PSVM_EVENT_INJ_V ? value : 0;
	case FORMAT_LETTERS:
		return 0;
	default:
		return number(r, field, UINT64_MAX);
	}
}

/* "L2:P L2:V L1:P drain:P" */
static void read_events(struct reader *r, struct outcome *o)
{
	static const struct {
		const char *level;
		enum outcome_column column;
	} logs[] = { { "L2:", OUTCOME_IN_L2 },
		     { "L1:", OUTCOME_IN_L1 },
		     { "drain:", OUTCOME_IN_DRAIN } };
	const char *at = r->field[r->column[COLUMN_EVENTS]];

	while (*at != 0) {
		size_t i = 0, length;

		while (i < N_ROWS(logs) &&
		       strncmp(at, logs[i].level, strlen(logs[i].level)) != 0)
			i++;
		length = i < N_ROWS(logs) ? strlen(logs[i].level) : 0;
		if (length == 0 || at[length] == 0 ||
		    strchr("VPIO", at[length]) == NULL) {
			bad(r, "not an event: ", at);
			return;
		}
		o->value[logs[i].column] = letters_add(o->value[logs[i].column],
						       at[length]);
		at += length + 1;
		at += *at == ' ';
	}
}

static void read_outcome(struct reader *r, struct outcome *o)
{
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		o->value[i] = outcome(r, (enum outcome_column)i);
	read_events(r, o);
}

/* --- rows ---------------------------------------------------------------- */

static size_t word(struct reader *r, enum column column, const char *const *words)
{
	const char *text = r->field[r->column[column]];

	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	bad(r, "unknown word: ", text);
	return 0;
}

/* What L1 changed besides the words. X(name, CR intercepts, VMRUN refuses it, second) */
#define ROW_FLAGS(X) \
	X("", 0, 0, 0) \
	X("ASID0", 0, 1, 0) \
	X("NO_VMRUN_ICPT", 0, 0, 0) \
	X("ICPT_NMI", 0, 0, 0) \
	X("ICPT_CR8W", PSVM_INTERCEPT_MASK(CR8_WRITE), 0, 0) \
	X("ICPT_CR8R", PSVM_INTERCEPT_MASK(CR8_READ), 0, 0) \
	X("NEED_VGIF", 0, 0, 0) \
	X("CONT", 0, 0, 1)

static void read_flags(struct reader *r, struct experiment *e, bool run)
{
#define FLAG(name, cr, bad, second) name,
	static const char *const names[] = { ROW_FLAGS(FLAG) NULL };
#undef FLAG
	static const struct {
		uint32_t cr;
		uint8_t bad, second;
	} effects[] = {
#define FLAG(name, cr, bad, second) { cr, bad, second },
		ROW_FLAGS(FLAG)
#undef FLAG
	};
	size_t i = word(r, COLUMN_FLAGS, names);

	e->vmcb12.cr = effects[i].cr;
	e->vmcb12.bad = effects[i].bad;
	if (!effects[i].second || !run)
		return;
	if (r->last_program != e->program || r->last_rip > OFFSET_LARGEST)
		bad(r, "CONT, and the line before is not the first half of the pair", "");
	else
		e->start = (uint32_t)r->last_rip;
}

static void read_experiment(struct reader *r, struct experiment *e, bool run)
{
	struct psvm_words *words = &e->vmcb12.words;

	words->int_ctl =
		psvm_int_ctl_join((uint32_t)of(r, COLUMN_INT_CTL, UINT32_MAX),
				  (uint32_t)of(r, COLUMN_INT_VECTOR, UINT32_MAX));
	words->int_state = of(r, COLUMN_INT_STATE, UINT64_MAX);
	words->event_inj = of(r, COLUMN_EVENT_INJ, UINT64_MAX);
	words->misc1 = (uint32_t)of(r, COLUMN_MISC1, UINT32_MAX);
	words->tlb_control = TLB_FLUSH;
	e->vmcb12.misc2 = (uint32_t)of(r, COLUMN_MISC2, UINT32_MAX);
	e->vmcb12.rflags_if = (uint8_t)of(r, COLUMN_L2_IF, 1);
	e->program = (uint32_t)of(r, COLUMN_PROG, EXPERIMENT_PROGRAMS - 1);
	e->l1_if = (uint8_t)of(r, COLUMN_L1_IF, 1);
	e->l1_cr8 = (uint8_t)of(r, COLUMN_L1_CR8, 15);
	e->pending = (uint8_t)of(r, COLUMN_PENDING, 1);
	e->sends = (uint8_t)r->sends;
	read_flags(r, e, run);
}

static void read_row(struct reader *r, struct recorded *row)
{
	static const char *const names[] = {
		"ok",		"no_exit", "emulator_abort", "skipped", "skipped_no_vgif",
		"skipped_pair", NULL
	};
	enum { OK, NO_EXIT };
	size_t status;
	const char *name = r->field[r->column[COLUMN_CASE]];

	if (strlen(name) >= sizeof(row->name)) {
		bad(r, "a name that is too long: ", name);
		return;
	}
	memcpy(row->name, name, strlen(name) + 1);
	row->line = r->line;
	status = word(r, COLUMN_STATUS, names);
	row->run = status == OK || status == NO_EXIT;
	read_experiment(r, &row->experiment, row->run);
	if (status == NO_EXIT)
		row->outcome.value[OUTCOME_EXIT_CODE] = EXPERIMENT_NO_EXIT;
	else
		read_outcome(r, &row->outcome);
	r->last_rip = row->outcome.value[OUTCOME_RIP];
	r->last_program = row->experiment.program;
}

static struct recorded *add(struct reader *r, struct recording *to)
{
	struct recorded none = { .line = 0 };
	struct recorded *more = realloc(to->rows, (to->count + 1) * sizeof(*more));

	if (more == NULL) {
		bad(r, "out of memory", "");
		return NULL;
	}
	to->rows = more;
	more[to->count] = none;
	return &more[to->count++];
}

static void read_rows(struct reader *r, struct recording *to)
{
	while (r->good && next_line(r)) {
		struct recorded *row = add(r, to);

		if (r->fields != r->width)
			bad(r,
			    r->fields < r->width ? "too few fields" : "too many fields",
			    "");
		else if (row != NULL)
			read_row(r, row);
	}
}

bool recording_read(struct recording *recording, const char *command, const char *path,
		    enum experiment_send sends)
{
	struct reader r = { .command = command,
			    .path = path,
			    .last_program = UINT64_MAX,
			    .sends = sends,
			    .good = true };
	struct recording none = { NULL, 0 };

	*recording = none;
	r.file = fopen(path, "r");
	if (r.file == NULL)
		return cli_fail(command, "%s: %s", path, strerror(errno));
	if (read_header(&r))
		read_rows(&r, recording);
	(void)fclose(r.file);
	if (!r.good)
		recording_free(recording);
	return r.good;
}

void recording_free(struct recording *recording)
{
	free(recording->rows);
	recording->rows = NULL;
	recording->count = 0;
}
