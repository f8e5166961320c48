/* SPDX-License-Identifier: MIT */
/*
 * psvm/check.h - everything of the check library, libpsvm_check.
 *
 *	adapter.h	foreign code behind the transitions
 *	foreign.h	such code as something to explore and compare
 *	names.h		the tables of the core in words
 *	decode.h	a VMCB in names
 *	diff.h		every functional difference between two rule sets
 *	explore.h	can L1 tell that it is nested?
 *	visible.h	which differences between two rule sets can L1 see?
 */
#ifndef PSVM_CHECK_H
#define PSVM_CHECK_H

#include "adapter.h"
#include "decode.h"
#include "diff.h"
#include "explore.h"
#include "foreign.h"
#include "names.h"
#include "visible.h"

#endif
