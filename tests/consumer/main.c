/* SPDX-License-Identifier: MIT */
/* What a project that uses psvm needs: the headers, and for the external forms
 * the library. */
#define PSVM_EXTERN
#include <psvm/psvm.h>
#include <stdio.h>

int main(void)
{
	struct psvm_nested n = { .v12 = { .int_ctl = PSVM_V_IRQ } };
	struct psvm_result r = psvm_enter(psvm_rules_builtin(PSVM_RULE_SET_exact), n);

	printf("psvm %s: %s\n", PSVM_VERSION,
	       r.v02.int_ctl == (PSVM_V_IRQ | PSVM_V_INTR_MASKING) ? "works"
								   : "is wrong");
	return r.v02.int_ctl != (PSVM_V_IRQ | PSVM_V_INTR_MASKING);
}
