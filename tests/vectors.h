/* SPDX-License-Identifier: MIT */
/*
 * Reader of tests/vectors: what six implementations of SVM did with the same
 * experiments. tests/vectors/README.md says what the columns mean.
 */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, words, letter): the environments, with their letter in the files. */
#define VECTOR_ENVS(X) \
	X(QEMU_7_2, "qemu-7.2", 'q') \
	X(QEMU_10_0, "qemu-10.0", 'r') \
	X(BOCHS_2_7, "bochs-2.7", 'b') \
	X(KVM_6_1, "kvm-6.1", 'K') \
	X(KVM_6_12, "kvm-6.12", 'L') \
	X(KVM_7_2, "kvm-7.2", 'M')

enum vector_env {
#define VECTOR_X(name, words, letter) VECTOR_##name,
	VECTOR_ENVS(VECTOR_X)
#undef VECTOR_X
		VECTOR_ENV_COUNT
};

extern const char *const vector_env_name[VECTOR_ENV_COUNT];

enum vector_flag {
	VECTOR_ASID0 = 1,
	VECTOR_NO_VMRUN_ICPT = 2,
	VECTOR_ICPT_NMI = 4,
	VECTOR_ICPT_CR8W = 8,
	VECTOR_ICPT_CR8R = 16,
	VECTOR_NEED_VGIF = 32,
	VECTOR_CONT = 64
};

/* One experiment: what L1 prepared. */
struct vector_case {
	char name[8];	       /* its first letter is the group */
	uint32_t prog;	       /* the program that L2 runs */
	uint32_t l2_if, l1_if; /* RFLAGS.IF */
	uint32_t phys_pending; /* an interrupt for L1 was pending at VMRUN */
	uint32_t l1_cr8;
	uint32_t flags;	     /* VECTOR_... */
	uint32_t int_vector; /* 064h */
	uint32_t int_state;  /* 068h */
	uint64_t event_inj;  /* 0A8h */
	uint32_t misc1;	     /* 00Ch */
};

enum vector_status { VECTOR_OK, VECTOR_ABORT, VECTOR_SKIPPED };

/* What one environment did with it. */
struct vector_row {
	const struct vector_case *c;
	enum vector_env env;
	enum vector_status status;
	uint32_t before;  /* 060h before VMRUN */
	uint32_t int_ctl; /* 060h, ... after #VMEXIT */
	uint32_t int_vector;
	uint32_t int_state;
	uint64_t exit_code;
	uint64_t exit_int_info;
	uint64_t event_inj;
	int64_t rip_off;      /* RIP after minus RIP before */
	int64_t virt_rip_off; /* ... at the first delivery of V in L2, or -1 */
	int64_t phys_rip_off; /* ... of P */
	uint32_t cr8_after;   /* as L1 reads it */
	uint32_t irr_after;   /* P is still pending */
	char in_l2[8];	      /* what was delivered, in order: V P I O */
	char in_l1[8];
	char in_drain[8]; /* in L1, after it lowered CR8 */
};

enum { VECTOR_IMAGE_SIZE = 4096 };

/* Images with the same bytes are one, under several names. */
struct vector_image_name {
	enum vector_env env;
	char name[8]; /* of the case */
	bool after;
};

struct vector_image {
	struct vector_image_name *names;
	size_t name_count;
	unsigned char bytes[VECTOR_IMAGE_SIZE];
};

struct vectors {
	struct vector_case *cases; /* in order of name */
	size_t case_count;
	struct vector_row *rows[VECTOR_ENV_COUNT]; /* row i is of case i */
	struct vector_image *images;
	size_t image_count;
};

/* Read all files of a directory. A file that is not as it should be ends the
 * program with a message that names the line. */
void vectors_read(struct vectors *v, const char *directory);
void vectors_free(struct vectors *v);

/* The row of a case in an environment, or NULL. */
const struct vector_row *vectors_row(const struct vectors *v, enum vector_env env,
				     const char *name);

#endif
