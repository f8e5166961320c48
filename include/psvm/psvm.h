/* SPDX-License-Identifier: MIT */
/*
 * psvm/psvm.h - everything of the core library.
 *
 *	int_ctl.h	the bits of offset 060h
 *	vmcb.h		the VMCB: fields, structs, setters, images
 *	rules.h		what a rule set is
 *	rule_sets.h	the rule sets of real hypervisors, and the right one
 *	nested.h	the transitions, on words
 *	pages.h		the transitions, on pages
 */
#ifndef PSVM_PSVM_H
#define PSVM_PSVM_H

#include "int_ctl.h"
#include "nested.h"
#include "pages.h"
#include "rule_sets.h"
#include "rules.h"
#include "vmcb.h"
#include "version.h"

#endif
