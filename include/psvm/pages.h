/* SPDX-License-Identifier: MIT */
/*
 * psvm/pages.h - the transitions on VMCB pages, with a request callback.
 *
 * For a hypervisor that keeps its VMCBs as pages and its snapshot as a copy of
 * the control area. Each function gathers the words, runs the transition of
 * psvm/nested.h that its name says, stores what changed, clears the clean bits,
 * and calls the request callback if there is something to do.
 *
 * vmcb12 is L1's memory: psvm_vmcb_snapshot() reads each byte of its control
 * area once, the others never read it, and nothing but the fields of `store12`
 * (and the exit code of a failed VMRUN) is ever written to it.
 *
 * If the status is not PSVM_OK, no page has been touched and no callback called.
 */
#ifndef PSVM_PAGES_H
#define PSVM_PAGES_H

#include "nested.h"

PSVM_BEGIN_DECLS

/**
 * Called after the stores of a transition, if there are requests.
 *
 * @param context  psvm_pages.context
 * @param requests PSVM_REQUEST_..., not zero
 */
typedef void psvm_request_fn(void *context, uint32_t requests);

/** The pages of one virtual CPU with a nested run. */
struct psvm_pages {
	struct psvm_vmcb *vmcb01;	    /**< what L0 runs L1 with */
	struct psvm_vmcb *vmcb02;	    /**< what L0 runs L2 with */
	struct psvm_vmcb_control *snapshot; /**< L0's private copy of vmcb12's */
	void *vmcb12; /**< 4096 bytes of L1's memory, in the processor's byte order */
	psvm_request_fn *request; /**< null: requests are only returned */
	void *context;		  /**< handed to the callback */
	uint32_t facts;		  /**< as psvm_nested.facts */
	uint8_t nmis;		  /**< as psvm_nested.nmis */
	uint8_t vector;		  /**< as psvm_nested.vector */
	uint8_t external;	  /**< as psvm_nested.external */
};

/**
 * Copy the control area of vmcb12 into the snapshot, as the rule set does it.
 *
 * Each byte of the control area is read once. Uses vmcb12, snapshot, facts.
 *
 * @return status as psvm_snapshot(), or PSVM_E_NULL at the missing page; v12 of
 *         the result is what the snapshot holds
 * @spec psvm_snapshot()
 */
struct psvm_result psvm_vmcb_snapshot(const struct psvm_rules *rules,
				      const struct psvm_pages *pages);

/**
 * psvm_enter() on pages: build vmcb02 from the snapshot and vmcb01, all six
 * intercept words included. Fields that virtual interrupts do not depend on are
 * the caller's. After a failed VMRUN (outcome PSVM_VMEXIT_INVALID) vmcb12 has
 * exit code -1 and EXITINFO 0.
 *
 * @return the result of psvm_enter(), or PSVM_E_NULL at the missing page
 * @spec psvm_enter(), psvm_merge_intercepts()
 */
struct psvm_result psvm_vmcb_enter(const struct psvm_rules *rules,
				   const struct psvm_pages *pages);

/** psvm_reenter() on pages; as psvm_vmcb_enter(). */
struct psvm_result psvm_vmcb_reenter(const struct psvm_rules *rules,
				     const struct psvm_pages *pages);

/** psvm_window_open() on pages: vmcb01 and vmcb02; reads the snapshot. */
struct psvm_result psvm_vmcb_window_open(const struct psvm_rules *rules,
					 const struct psvm_pages *pages);

/** psvm_window_close() on pages: vmcb01 and vmcb02; reads the snapshot. */
struct psvm_result psvm_vmcb_window_close(const struct psvm_rules *rules,
					  const struct psvm_pages *pages);

/** psvm_refresh() on pages: vmcb02 to the snapshot. */
struct psvm_result psvm_vmcb_refresh(const struct psvm_rules *rules,
				     const struct psvm_pages *pages);

/**
 * psvm_nested_sync_int_ctl() on pages: the fields of vmcb12 that a #VMEXIT
 * writes and psvm models, and vmcb01. Exit code, EXITINFO, next RIP and the
 * state save area are the caller's. For PSVM_F_INT_SHADOW the byte that it is in is
 * written.
 *
 * @return the result of psvm_nested_sync_int_ctl(), or PSVM_E_NULL
 * @spec psvm_nested_sync_int_ctl()
 */
struct psvm_result psvm_vmcb_nested_sync_int_ctl(const struct psvm_rules *rules,
						 const struct psvm_pages *pages);

/**
 * psvm_route_exit() on pages: the exit code of vmcb02, the intercepts of the
 * snapshot and of vmcb01.
 *
 * @return enum psvm_level; PSVM_L0 if a page is missing
 * @spec psvm_route_exit()
 */
uint32_t psvm_vmcb_route_exit(const struct psvm_rules *rules,
			      const struct psvm_pages *pages);

PSVM_END_DECLS

#endif
