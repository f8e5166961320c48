/* SPDX-License-Identifier: MIT */
/* The left one of two machines: bare, or nested without a change of the rules. */
#include "scope.h"

bool left_in_l2(const struct product *p, const struct world *w)
{
	return w->change != NULL ? p->without.nested.in_l2 != 0
				 : (p->bare.cpu.flags & PSVM_CPU_F(GUEST)) != 0;
}

struct l1_view left_view(const struct product *p, const struct world *w)
{
	struct world without;

	if (w->change == NULL)
		return bare_view(&p->bare);
	without = *w;
	without.change = NULL;
	return nested_view(&p->without.nested, &without);
}

const struct psvm_cpu_vmcb *left_vmcb12(const struct product *p, const struct world *w)
{
	return w->change != NULL ? &p->without.nested.vmcb12 : &p->bare.vmcb12;
}

size_t product_size(const struct world *w)
{
	return offsetof(struct product, bare) +
	       (w->change != NULL ? sizeof(struct without) : sizeof(struct bare));
}
