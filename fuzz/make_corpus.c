/* SPDX-License-Identifier: MIT */
/*
 * Writes the dictionary and the seed corpus of every target, from the tables.
 *
 * usage: make_corpus DIRECTORY [IMAGE...]
 *
 * DIRECTORY/TARGET.dict and DIRECTORY/corpus/TARGET/...; each IMAGE, a file with
 * one VMCB or with the three of an input, becomes a seed of the target vmcb.
 */
#define _POSIX_C_SOURCE 200809L

#include "image.h"
#include "input.h"
#include "properties.h"
#include "rows.h"
#include "splitmix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SEED_MAX   (FUZZ_VMCBS * PSVM_VMCB_SIZE)
#define PATH_BYTES 4096
#define RULE_SETS  ((unsigned int)PSVM_RULE_SET_COUNT)

struct target {
	const char *directory;
	const char *name;
	const struct fuzz_format *format;
};

static const char *const vmcb_names[FUZZ_VMCBS] = { "12", "02", "01" };

#define X_RULES(name, identifier, words) name,
static const char *const rules_names[] = { PSVM_RULE_SETS(X_RULES) };

_Noreturn static void die(const char *path)
{
	perror(path);
	exit(1);
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		die(path);
}

static FILE *create(const char *path)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL)
		die(path);
	return file;
}

static void finish(FILE *file, const char *path)
{
	bool bad = ferror(file) != 0;

	if (fclose(file) != 0 || bad)
		die(path);
}

/* --- dictionary ---------------------------------------------------------- */

static void put_entry(FILE *file, const char *name, uint64_t value, unsigned int size)
{
	fprintf(file, "%s=\"", name);
	for (unsigned int i = 0; i < size; i++)
		fprintf(file, "\\x%02x", (unsigned int)(value >> 8 * i & 0xff));
	fprintf(file, "\"\n");
}

static void put_parts(FILE *file, struct fuzz_parts parts)
{
	for (size_t i = 0; i < parts.count; i++)
		put_entry(file, parts.part[i].name, fuzz_mask(&parts.part[i]),
			  parts.part[i].size);
}

static void put_exit_codes(FILE *file)
{
#define X(name, value, gate, section) put_entry(file, "exit_code." #name, value, 8);
	PSVM_EXIT_CODES(X)
#undef X
}

static void write_dictionary(const struct target *t)
{
	char path[PATH_BYTES];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s.dict", t->directory, t->name);
	file = create(path);
	put_parts(file, t->format->bits);
	put_parts(file, t->format->once);
	put_exit_codes(file);
	finish(file, path);
}

/* --- seeds --------------------------------------------------------------- */

/* A seed that is being made. */
struct seed {
	uint8_t bytes[SEED_MAX];
	size_t size;
	char name[200];
};

static void write_seed(const struct target *t, const struct seed *seed)
{
	char path[PATH_BYTES];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/corpus/%s/%s", t->directory, t->name,
		       seed->name);
	file = create(path);
	(void)fwrite(seed->bytes, 1, seed->size, file);
	finish(file, path);
}

/* All bits of the part, in the first element of its field. */
static void flip(struct seed *seed, const struct fuzz_part *part, size_t base)
{
	uint8_t *bytes = seed->bytes + base + part->offset;

	fuzz_put(bytes, part->size, fuzz_get(bytes, part->size) ^ fuzz_mask(part));
}

/* Each part alone, on top of what `make` makes for one of the rule sets. */
typedef void make_base(struct seed *seed, uint32_t rules);

static void write_bits(const struct target *t, make_base *make)
{
	const struct fuzz_parts bits = t->format->bits;
	struct seed seed;

	for (size_t i = 0; i < FUZZ_VMCBS * bits.count; i++) {
		const struct fuzz_part *part = &bits.part[i / FUZZ_VMCBS];
		size_t vmcb = i % FUZZ_VMCBS;

		make(&seed, (uint32_t)(i % RULE_SETS));
		flip(&seed, part, vmcb * t->format->stride);
		(void)snprintf(seed.name, sizeof(seed.name), "bit-%s-%s",
			       vmcb_names[vmcb], part->name);
		write_seed(t, &seed);
	}
}

static void write_once(const struct target *t, make_base *make, uint32_t rules)
{
	const struct fuzz_parts once = t->format->once;
	struct seed seed;

	for (size_t i = 0; i < once.count; i++) {
		make(&seed, rules);
		flip(&seed, &once.part[i], 0);
		(void)snprintf(seed.name, sizeof(seed.name), "%s-%s", rules_names[rules],
			       once.part[i].name);
		write_seed(t, &seed);
	}
}

static void write_base(const struct target *t, make_base *make, uint32_t rules)
{
	struct seed seed;

	make(&seed, rules);
	(void)snprintf(seed.name, sizeof(seed.name), "%s", rules_names[rules]);
	write_seed(t, &seed);
}

static void write_common(const struct target *t, make_base *make)
{
	write_bits(t, make);
	for (uint32_t rules = 0; rules < RULE_SETS; rules++) {
		write_base(t, make, rules);
		write_once(t, make, rules);
	}
}

/* --- records ------------------------------------------------------------- */

/* L0 uses and offers everything; L1 intercepts interrupts and uses nothing. */
static const struct fuzz_record ordinary = {
	.vmcb = {
		[FUZZ_12] = {
			.intercept_misc1 = PSVM_INTERCEPT_INTR | PSVM_INTERCEPT_NMI,
		},
		[FUZZ_01] = {
			.int_ctl = PSVM_V_INTR_MASKING | PSVM_V_GIF_BITS |
				   PSVM_V_NMI_ENABLE,
			.intercept_misc1 = PSVM_INTERCEPT_INTR | PSVM_INTERCEPT_NMI |
					   PSVM_INTERCEPT_HLT,
		},
	},
	.facts = PSVM_C(L1_IF) | PSVM_C(L1_GIF) | PSVM_C(OFFER_VGIF) |
		 PSVM_C(OFFER_VNMI) | PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI),
};

static void make_record(struct seed *seed, uint32_t rules)
{
	struct fuzz_record record = ordinary;

	record.rules = (uint8_t)rules;
	fuzz_order_record(&record);
	memset(seed, 0, sizeof(*seed));
	memcpy(seed->bytes, &record, sizeof(record));
	seed->size = sizeof(record);
}

static void make_questions(struct seed *seed, uint32_t rules)
{
	make_record(seed, rules);
	seed->size += sizeof(struct fuzz_questions);
}

/* One seed for each exit code with a name of its own. */
static void write_exit_codes(const struct target *t)
{
	static const struct {
		const char *name;
		uint64_t code;
	} codes[] = {
#define X(name, value, gate, section) { #name, value },
		PSVM_EXIT_CODES(X)
#undef X
#define X(name, shift, width, gate, section) { #name, PSVM_EXIT_##name },
		PSVM_INTERCEPT_MISC1_BITS(X)
#undef X
		{ "VMMCALL", PSVM_EXIT_VMMCALL },
		{ "EXCP_PF", PSVM_EXIT_EXCP_PF },
	};
	size_t at = sizeof(struct fuzz_record) +
		    offsetof(struct fuzz_questions, exit_code);
	struct seed seed;

	for (size_t i = 0; i < N_ROWS(codes); i++) {
		make_questions(&seed, (uint32_t)(i % RULE_SETS));
		fuzz_put(seed.bytes + at, 8, codes[i].code);
		(void)snprintf(seed.name, sizeof(seed.name), "exit-%s", codes[i].name);
		write_seed(t, &seed);
	}
}

/* --- steps --------------------------------------------------------------- */

static void add_step(struct seed *seed, enum fuzz_op op, unsigned int selector)
{
	seed->bytes[seed->size + offsetof(struct fuzz_step, op)] = (uint8_t)op;
	seed->bytes[seed->size + offsetof(struct fuzz_step, selector)] =
		(uint8_t)selector;
	seed->size += sizeof(struct fuzz_step);
}

/* Every two steps after one another, and L2 once more. */
static void write_pairs(const struct target *t)
{
	struct seed seed;

	for (unsigned int i = 0; i < FUZZ_OP_COUNT * FUZZ_OP_COUNT; i++) {
		make_record(&seed, PSVM_RULE_SET_exact);
		add_step(&seed, (enum fuzz_op)(i / FUZZ_OP_COUNT), STORY_CR8_7);
		add_step(&seed, (enum fuzz_op)(i % FUZZ_OP_COUNT), STORY_OPENS);
		add_step(&seed, FUZZ_OP_VMEXIT, 0);
		add_step(&seed, FUZZ_OP_VMRUN, 0);
		(void)snprintf(seed.name, sizeof(seed.name), "pair-%u-%u",
			       i / FUZZ_OP_COUNT, i % FUZZ_OP_COUNT);
		write_seed(t, &seed);
	}
}

/* A window opens, something happens in L2, the window closes. */
static void write_events(const struct target *t)
{
	struct seed seed;

	for (unsigned int i = 0; i < RULE_SETS * (unsigned int)STORY_EVENTS; i++) {
		make_record(&seed, i % RULE_SETS);
		add_step(&seed, FUZZ_OP_OPEN, 0);
		add_step(&seed, FUZZ_OP_RUN, i / RULE_SETS);
		add_step(&seed, FUZZ_OP_CLOSE, 0);
		add_step(&seed, FUZZ_OP_RUN, i / RULE_SETS);
		(void)snprintf(seed.name, sizeof(seed.name), "event-%u-%s", i / RULE_SETS,
			       rules_names[i % RULE_SETS]);
		write_seed(t, &seed);
	}
}

/* --- acts ---------------------------------------------------------------- */

/* Any vmcb12 that VMRUN takes: no event, and VMRUN intercepted. AVIC, which does
 * nothing or fails VMRUN, is rarely enabled. */
static struct fuzz_setup any_setup(uint64_t *random)
{
	static const uint32_t features[] = {
		0,
		PSVM_C(HOST_VGIF),
		PSVM_C(HOST_VGIF) | PSVM_C(OFFER_VGIF),
		PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI) | PSVM_C(OFFER_VNMI),
		PSVM_C(HOST_VGIF) | PSVM_C(HOST_VNMI) | PSVM_C(OFFER_VGIF) |
			PSVM_C(OFFER_VNMI),
	};
	struct fuzz_setup setup = { .facts = features[splitmix64(random) % N_ROWS(features)] };
	uint64_t rare = PSVM_AVIC_ENABLE | PSVM_X2AVIC_ENABLE;

	setup.vmcb12.int_ctl = splitmix64(random) & (~rare | (splitmix64(random) & splitmix64(random)));
	setup.vmcb12.intercept_misc1 = (uint32_t)(splitmix64(random) & splitmix64(random));
	setup.vmcb12.int_state = splitmix64(random) & PSVM_INT_STATE_INTERRUPT_SHADOW;
	setup.misc2 = (uint32_t)(splitmix64(random) & splitmix64(random)) | PSVM_INTERCEPT_VMRUN;
	setup.cr = (uint32_t)(splitmix64(random) & splitmix64(random));
	setup.flags = (uint8_t)splitmix64(random);
	setup.tpr = (uint8_t)(splitmix64(random) & splitmix64(random) & 15);
	return setup;
}

/* Seed number i: some set-up, and many acts. */
static void make_acts(struct seed *seed, uint64_t i)
{
	uint64_t random = i;
	struct fuzz_setup setup = any_setup(&random);

	fuzz_order_setup(&setup);
	memset(seed, 0, sizeof(*seed));
	memcpy(seed->bytes, &setup, sizeof(setup));
	seed->size = sizeof(setup);
	while (seed->size < sizeof(setup) + FUZZ_ACTS_MAX * sizeof(struct fuzz_act))
		seed->bytes[seed->size++] = (uint8_t)splitmix64(&random);
}

static void write_acts_seed(const struct target *t, struct seed *seed, const char *kind,
			    size_t i)
{
	(void)snprintf(seed->name, sizeof(seed->name), "%s-%zu", kind, i);
	write_seed(t, seed);
}

enum { ACT_SEEDS = 256 };

/* Stories, and each named bit of a set-up on top of one: an event that VMRUN
 * refuses, VMRUN not intercepted, ... */
static void write_acts(const struct target *t)
{
	const struct fuzz_parts bits = t->format->bits, once = t->format->once;
	struct seed seed;

	for (size_t i = 0; i < ACT_SEEDS; i++) {
		make_acts(&seed, i);
		write_acts_seed(t, &seed, "acts", i);
	}
	for (size_t i = 0; i < bits.count + once.count; i++) {
		make_acts(&seed, i);
		flip(&seed, i < bits.count ? &bits.part[i] : &once.part[i - bits.count], 0);
		write_acts_seed(t, &seed, "part", i);
	}
}

/* --- images -------------------------------------------------------------- */

static void put_words(uint8_t *image, const struct fuzz_words *words)
{
	fuzz_put(image + offsetof(struct psvm_vmcb_control, int_ctl), 8, words->int_ctl);
	fuzz_put(image + offsetof(struct psvm_vmcb_control, intercept_misc1), 4,
		 words->intercept_misc1);
}

static void make_images(struct seed *seed, uint32_t rules)
{
	uint8_t *notes = seed->bytes + FUZZ_01 * PSVM_VMCB_SIZE + FUZZ_NOTES_AT;

	memset(seed, 0, sizeof(*seed));
	seed->size = SEED_MAX;
	for (size_t i = 0; i < FUZZ_VMCBS; i++)
		put_words(seed->bytes + i * PSVM_VMCB_SIZE, &ordinary.vmcb[i]);
	fuzz_put(notes + offsetof(struct fuzz_notes, facts), 4, ordinary.facts);
	fuzz_put(notes + offsetof(struct fuzz_notes, rules), 1, rules);
}

/* Each field alone, in one image that stands for all three. */
static void write_fields(const struct target *t)
{
	const struct fuzz_parts fields = t->format->fields;
	struct seed seed;

	for (size_t i = 0; i < fields.count; i++) {
		memset(&seed, 0, sizeof(seed));
		seed.size = PSVM_VMCB_SIZE;
		flip(&seed, &fields.part[i], 0);
		(void)snprintf(seed.name, sizeof(seed.name), "%s", fields.part[i].name);
		write_seed(t, &seed);
	}
}

static void write_image(const struct target *t, const char *path, int number)
{
	FILE *file = fopen(path, "rb");
	struct seed seed;

	if (file == NULL)
		die(path);
	seed.size = fread(seed.bytes, 1, sizeof(seed.bytes), file);
	finish(file, path);
	(void)snprintf(seed.name, sizeof(seed.name), "image-%d", number);
	write_seed(t, &seed);
}

/* --- all targets --------------------------------------------------------- */

static const struct fuzz_format *const formats[] = {
	&fuzz_format_record, &fuzz_format_record, &fuzz_format_questions,
	&fuzz_format_steps, &fuzz_format_images, &fuzz_format_acts
};
static const char *const names[] = { "sync", "empty", "enter", "sequence", "vmcb",
				    "nested" };
enum { SYNC, EMPTY, ENTER, SEQUENCE, VMCB, NESTED, TARGETS };

static void prepare(struct target *t, const char *directory, size_t number)
{
	char path[PATH_BYTES];

	*t = (struct target){ directory, names[number], formats[number] };
	(void)snprintf(path, sizeof(path), "%s/corpus", directory);
	make_directory(path);
	(void)snprintf(path, sizeof(path), "%s/corpus/%s", directory, t->name);
	make_directory(path);
	write_dictionary(t);
}

int main(int argc, char **argv)
{
	struct target t[TARGETS];

	if (argc < 2) {
		fprintf(stderr, "usage: make_corpus DIRECTORY [IMAGE...]\n");
		return 1;
	}
	make_directory(argv[1]);
	for (size_t i = 0; i < TARGETS; i++)
		prepare(&t[i], argv[1], i);
	write_common(&t[SYNC], make_record);
	write_common(&t[EMPTY], make_record);
	write_common(&t[ENTER], make_questions);
	write_exit_codes(&t[ENTER]);
	write_common(&t[SEQUENCE], make_record);
	write_pairs(&t[SEQUENCE]);
	write_events(&t[SEQUENCE]);
	write_common(&t[VMCB], make_images);
	write_fields(&t[VMCB]);
	write_acts(&t[NESTED]);
	for (int i = 2; i < argc; i++)
		write_image(&t[VMCB], argv[i], i - 1);
	return 0;
}
