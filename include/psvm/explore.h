/* SPDX-License-Identifier: MIT */
/*
 * psvm/explore.h - can L1 tell that it is nested?
 *
 * Part of libpsvm_check. Two machines run side by side, on the processor of
 * psvm/cpu.h: L1 and L2 alone, and L1 and L2 under an L0 that does what a rule set
 * says. psvm_check() explores them breadth first, over everything that a scope
 * declares, until no new state appears, and reports each class of differences that
 * L1 or L2 can see, with a shortest story. Everything it says is by the model:
 * of the manual as psvm/cpu.h reads it, and of hypervisors as psvm/rule_sets.h does.
 */
#ifndef PSVM_EXPLORE_H
#define PSVM_EXPLORE_H

#include "foreign.h"

PSVM_BEGIN_DECLS

/** How far psvm_check() has come. */
struct psvm_check_progress {
	uint32_t units_done;  /**< parts of the scope that are finished */
	uint32_t units;	      /**< all parts of this shard */
	uint64_t transitions; /**< steps of the finished parts */
};

/** What to check. */
struct psvm_check_request {
	struct psvm_l0 l0;   /**< a rule set, or foreign code */
	const char *scope;   /**< "default" or "full" */
	uint32_t shard;	     /**< this part of `shards`, from 0 */
	uint32_t shards;     /**< 1: everything */
	uint32_t threads;    /**< 1 or more; the result does not depend on it */
	uint64_t max_states; /**< of one unit: bounds memory, about 60 bytes a state and
				  750 a state of the widest level */
	bool implicit_event; /**< the implicit request counts (K12) */
	uint32_t processor;  /**< PSVM_CPU(...) options of both machines' processor */
	/** Called after each unit, from any thread, one at a time; may be null. */
	void (*progress)(void *context, const struct psvm_check_progress *progress);
	void *context;
};

/** One step of a story: what was done, and what each machine showed. */
struct psvm_story_step {
	uint32_t level; /**< who acts: 0 (L0 or what arrives), 1, 2 */
	char act[96];
	char bare[96];	 /**< what L1 or L2 sees of it on the bare machine */
	char nested[96]; /**< and on the nested one */
	char l0[160];	 /**< what L0 does */
	uint64_t int_ctl_02; /**< 060h of vmcb02 then */
	uint64_t int_ctl_12; /**< of vmcb12, on the nested machine */
};

/** A class of differences. */
struct psvm_finding {
	uint64_t cause;	     /**< the class, as a number */
	uint32_t part;	     /**< of the scope, that the story is from */
	char title[256];    /**< what differs */
	char situation[160]; /**< of L0, just before; may be empty */
	char section[48];    /**< of the manual */
	char setup[640];     /**< the set-up of the story */
	uint64_t count;	     /**< steps that end in such a difference */
	struct psvm_story_step *steps;
	size_t step_count;
};

/** What came out. */
struct psvm_check_result {
	bool complete;	      /**< no unit met max_states */
	uint32_t units;	      /**< of this shard */
	uint64_t states;      /**< pairs of machine states, found different by 128 bits */
	uint64_t transitions; /**< steps of both machines */
	uint64_t setups;      /**< decided set-ups that they stand for */
	struct psvm_finding *findings; /**< shortest story first */
	size_t finding_count;
};

/**
 * Check a rule set.
 *
 * @param result gets the result, to be freed by psvm_check_free()
 * @return null, or what is wrong with the request or went wrong, in words
 */
const char *psvm_check(const struct psvm_check_request *request,
		       struct psvm_check_result *result);

/**
 * Add the result of other parts of the same check, so that the result of all shards
 * is that of one run: a class that both have is one, with the shorter story.
 *
 * @param into is added to; its findings stay in order. The first time it is zero but for
 *	       `complete`, which is true
 * @param from is emptied: what it had is into's, or freed
 * @return false: out of memory; into and from still have to be freed
 */
bool psvm_check_merge(struct psvm_check_result *into, struct psvm_check_result *from);

/** Free a result. */
void psvm_check_free(struct psvm_check_result *result);

/** Is there a scope of this name? */
bool psvm_check_is_scope(const char *scope);

/**
 * What a scope covers, in words: dimensions, values and acts, line by line. What of a
 * VMCB it does not name is one value in all set-ups, and nothing is said of others; so
 * bits 63:1 of 068h are 0.
 *
 * @param scope "default" or "full"
 * @param line  number of the line, from 0
 * @return the line's length as snprintf() counts, or 0: there are no more
 */
size_t psvm_check_scope_line(char *text, size_t size, const char *scope, uint32_t line);

PSVM_END_DECLS

#endif
