/* SPDX-License-Identifier: MIT */
#include "cause.h"
#include "l0_plan.h"
#include "variant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- fingerprints -------------------------------------------------------- */

/*
 * A visited state is known by 128 bits of two independent hashes: that two of n states
 * share them has a probability below n * n / 2^129.
 */
struct fingerprint {
	uint64_t a, b;
};

static void mix(struct fingerprint *f, uint64_t value)
{
	f->a = (f->a ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	f->a ^= f->a >> 29;
	f->b = (f->b + value) * UINT64_C(0xbf58476d1ce4e5b9);
	f->b ^= f->b >> 32;
}

static void mix_cpu(struct fingerprint *f, const struct psvm_cpu *cpu)
{
	mix(f, cpu->int_ctl);
	mix(f, (uint64_t)cpu->cr << 32 | cpu->misc1);
	mix(f, (uint64_t)cpu->misc2 << 32 | cpu->flags << 16 | (uint32_t)cpu->tpr << 8 |
		       cpu->intr);
}

static void mix_vmcb(struct fingerprint *f, const struct psvm_cpu_vmcb *vmcb)
{
	mix(f, vmcb->words.int_ctl);
	mix(f, vmcb->words.int_state << 32 | vmcb->words.misc1);
	mix(f, vmcb->words.event_inj);
	mix(f, vmcb->words.exit_int_info);
	mix(f, (uint64_t)vmcb->cr << 32 | vmcb->misc2);
	mix(f, (uint64_t)vmcb->clean << 32 | (uint32_t)vmcb->words.tlb_control << 16 |
		       (uint32_t)vmcb->rflags_if << 8 | vmcb->bad);
}

static void mix_nested(struct fingerprint *f, const struct nested *n)
{
	mix_cpu(f, &n->cpu);
	mix_vmcb(f, &n->vmcb01);
	mix_vmcb(f, &n->vmcb02);
	mix_vmcb(f, &n->vmcb12);
	mix_vmcb(f, &n->snapshot);
	mix(f, (uint64_t)n->in_l2 | (uint64_t)n->asleep << 1 |
		       (uint64_t)n->vmrun_pending << 2 | (uint64_t)n->moved << 3 |
		       (uint64_t)n->l1_if << 4 | (uint64_t)n->gif << 5 |
		       (uint64_t)n->nmi_masked << 6 | (uint64_t)n->stepping << 7 |
		       (uint64_t)n->tpr << 8 | (uint64_t)n->intr << 16 |
		       (uint64_t)n->nmis << 24 | (uint64_t)n->requests << 32 |
		       (uint64_t)n->injects_nmi << 40 | (uint64_t)n->waits_for_gif << 41);
}

static void mix_left(struct fingerprint *f, const struct product *p,
		     const struct world *w)
{
	if (w->change != NULL) {
		mix_nested(f, &p->without.nested);
		return;
	}
	mix_cpu(f, &p->bare.cpu);
	mix_vmcb(f, &p->bare.vmcb12);
}

static struct fingerprint fingerprint(const struct twin *t, const struct world *w)
{
	struct fingerprint f = { 1, 2 };

	mix_left(&f, &t->lo, w);
	mix_nested(&f, &t->lo.nested);
	mix_left(&f, &t->hi, w);
	mix_nested(&f, &t->hi.nested);
	return f;
}

static bool nested_same(const struct nested *a, const struct nested *b)
{
	struct fingerprint fa = { 1, 2 }, fb = { 1, 2 };

	mix_nested(&fa, a);
	mix_nested(&fb, b);
	return fa.a == fb.a && fa.b == fb.b;
}

/* --- states that are one ------------------------------------------------- */

static void forget_vmcb(struct psvm_cpu_vmcb *vmcb)
{
	struct psvm_cpu_vmcb empty = { 0 };

	*vmcb = empty;
}

/* What every #VMEXIT stores. */
static void forget_stored(struct psvm_cpu_vmcb *vmcb)
{
	vmcb->words.int_ctl &= ~(PSVM_V_TPR | PSVM_V_IRQ);
	vmcb->words.int_state &= ~PSVM_INT_STATE_INTERRUPT_SHADOW;
	vmcb->words.event_inj = 0;
	vmcb->words.exit_int_info = 0;
	vmcb->rflags_if = 0;
}

/* Is nothing of the last vmcb02 left at VMRUN? */
static bool rebuilds(const struct psvm_rules *rules)
{
	const struct psvm_move *clear = &rules->cell[PSVM_CELL_ENTER_CLEAR_02].move[0];

	return clear->bits == UINT64_MAX && (clear->on | clear->off) == 0;
}

static void forget_nested(struct nested *n, const struct world *w)
{
	bool rebuilt = rebuilds(w->rules) && w->foreign == NULL &&
		       (w->change == NULL ||
			(rebuilds(w->change->to.rules) && w->change->to.foreign == NULL));

	n->stale = 0;
	n->exit_code = 0;
	if (n->cpu.flags & PSVM_CPU_F(GUEST))
		forget_stored(n->in_l2 ? &n->vmcb02 : &n->vmcb01);
	if (n->in_l2)
		return;
	n->vmcb12.words.exit_int_info = 0;
	forget_vmcb(&n->snapshot);
	n->l1_if = 0;
	if (rebuilt)
		forget_vmcb(&n->vmcb02);
}

static void forget_bare(struct bare *m, bool in_l2)
{
	m->exit_code = 0;
	if (m->cpu.flags & PSVM_CPU_F(GUEST))
		forget_stored(&m->vmcb12);
	if (!in_l2)
		m->vmcb12.words.exit_int_info = 0;
}

/* What nobody reads again before it is written does not tell states apart. */
static void forget(struct product *p, const struct world *w)
{
	forget_nested(&p->nested, w);
	if (w->change == NULL) {
		forget_bare(&p->bare, p->nested.in_l2);
		return;
	}
	forget_nested(&p->without.nested, w);
}

static bool apart(const struct product *p)
{
	return p->without.parted && !nested_same(&p->nested, &p->without.nested);
}

/* Of both at once: in a twin either both products have parted, or none. */
static void forget_twin(struct twin *t, const struct world *w)
{
	bool parted;

	forget(&t->lo, w);
	forget(&t->hi, w);
	if (w->change == NULL)
		return;
	parted = apart(&t->lo) || apart(&t->hi);
	t->lo.without.parted = parted;
	t->hi.without.parted = parted;
}

/* --- visited states ------------------------------------------------------ */

/* How a state was first reached. */
struct node {
	uint32_t parent;
	struct decided decided;
	uint8_t act, first;
};

struct search {
	const struct world *w;
	const struct unit *unit;
	struct plan plan, change_plan;
	struct reads *lo, *hi;	   /* of the step under way: too much for a stack */
	struct fingerprint *table; /* open addressing; all zero is empty */
	size_t table_size;	   /* a power of two */
	struct node *nodes;
	uint32_t node_count, node_room;
	/* Breadth first: this level's states, the next's; of each twin both products, so
	 * much of them as is in use. */
	unsigned char *level, *next;
	size_t product_size;
	uint32_t *level_node, *next_node;
	size_t level_count, next_count, next_room;
	struct bounds bounds;
	unsigned steps; /* to the next level */
	bool overflow;
	struct exploration e;
};

/* As realloc(). Without memory the search ends. */
static void *resize(struct search *s, void *p, size_t size)
{
	void *new = realloc(p, size);

	if (new == NULL)
		s->e.error = "out of memory";
	return new;
}

static bool insert(struct search *s, struct fingerprint f)
{
	size_t i = (size_t)f.a & (s->table_size - 1);

	if (f.a == 0 && f.b == 0)
		f.b = 1;
	for (; s->table[i].a != 0 || s->table[i].b != 0;
	     i = (i + 1) & (s->table_size - 1))
		if (s->table[i].a == f.a && s->table[i].b == f.b)
			return false;
	s->table[i] = f;
	return true;
}

static void grow(struct search *s)
{
	struct fingerprint *old = s->table, *new;
	size_t size = s->table_size;

	if (s->node_count * 2 < size)
		return;
	new = calloc(size * 2, sizeof(*new));
	if (new == NULL) {
		s->e.error = "out of memory";
		return;
	}
	s->table = new;
	s->table_size = size * 2;
	for (size_t i = 0; i < size; i++)
		if (old[i].a != 0 || old[i].b != 0)
			insert(s, old[i]);
	free(old);
}

static void keep(struct search *s, const struct twin *t)
{
	unsigned char *to = s->next + s->next_count * 2 * s->product_size;

	memcpy(to, &t->lo, s->product_size);
	memcpy(to + s->product_size, &t->hi, s->product_size);
}

static void kept(const struct search *s, size_t i, struct twin *t)
{
	const unsigned char *from = s->level + i * 2 * s->product_size;

	memcpy(&t->lo, from, s->product_size);
	memcpy(&t->hi, from + s->product_size, s->product_size);
}

static bool room_for_node(struct search *s)
{
	uint32_t room = s->node_room * 2 + 1024;
	struct node *nodes;

	if (s->node_count < s->node_room)
		return true;
	nodes = resize(s, s->nodes, room * sizeof(*nodes));
	if (nodes == NULL)
		return false;
	s->nodes = nodes;
	s->node_room = room;
	return true;
}

static bool room_for_state(struct search *s)
{
	size_t room = s->next_room * 2 + 1024;
	unsigned char *next;
	uint32_t *next_node;

	if (s->next_count < s->next_room)
		return true;
	next = resize(s, s->next, room * 2 * s->product_size);
	if (next == NULL)
		return false;
	s->next = next;
	next_node = resize(s, s->next_node, room * sizeof(*next_node));
	if (next_node == NULL)
		return false;
	s->next_node = next_node;
	s->next_room = room;
	return true;
}

static void add(struct search *s, const struct twin *t, struct node node)
{
	if (s->node_count == s->bounds.states) {
		s->overflow = true;
		return;
	}
	if (!insert(s, fingerprint(t, s->w)) || !room_for_node(s) || !room_for_state(s))
		return;
	s->nodes[s->node_count] = node;
	keep(s, t);
	s->next_node[s->next_count++] = s->node_count++;
	grow(s);
}

/* --- findings ------------------------------------------------------------ */

static uint8_t *path_to(struct search *s, struct node last, unsigned *length)
{
	unsigned n = 1;
	uint8_t *path;

	for (uint32_t i = last.parent; s->nodes[i].parent != UINT32_MAX;
	     i = s->nodes[i].parent)
		n++;
	path = resize(s, NULL, n);
	if (path == NULL)
		return NULL;
	*length = n;
	path[--n] = last.act;
	for (uint32_t i = last.parent; s->nodes[i].parent != UINT32_MAX;
	     i = s->nodes[i].parent)
		path[--n] = s->nodes[i].act;
	return path;
}

static void found(struct search *s, struct difference d, struct node node)
{
	struct finding *f;
	unsigned length;
	uint8_t *path;

	for (unsigned i = 0; i < s->e.finding_count; i++)
		if (cause_same(&s->e.findings[i].difference, &d)) {
			s->e.findings[i].count++;
			return;
		}
	f = resize(s, s->e.findings, (s->e.finding_count + 1) * sizeof(*f));
	if (f == NULL)
		return;
	s->e.findings = f;
	path = path_to(s, node, &length);
	if (path == NULL)
		return;
	f = &s->e.findings[s->e.finding_count++];
	f->difference = d;
	f->count = 1;
	f->first = scope_first(s->unit->slice, node.first);
	f->decided = node.decided;
	f->open_vars = s->unit->slice->vars;
	f->path = path;
	f->length = length;
}

/* --- the search ---------------------------------------------------------- */

/* Undecided bits have not made a difference but to their copies. */
static bool nested_same_course(const struct nested *a, const struct nested *b)
{
	return a->cpu.flags == b->cpu.flags && a->in_l2 == b->in_l2 &&
	       a->asleep == b->asleep && a->l1_if == b->l1_if && a->tpr == b->tpr &&
	       a->intr == b->intr && a->nmis == b->nmis && a->gif == b->gif &&
	       a->nmi_masked == b->nmi_masked && a->requests == b->requests &&
	       a->stepping == b->stepping && a->waits_for_gif == b->waits_for_gif &&
	       a->vmcb01.words.misc1 == b->vmcb01.words.misc1 &&
	       a->vmcb02.words.event_inj == b->vmcb02.words.event_inj;
}

static bool same_course(const struct twin *t, const struct world *w)
{
	const struct product *a = &t->lo, *b = &t->hi;

	if (!nested_same_course(&a->nested, &b->nested))
		return false;
	if (w->change != NULL)
		return a->without.parted == b->without.parted &&
		       nested_same_course(&a->without.nested, &b->without.nested);
	return a->bare.cpu.flags == b->bare.cpu.flags &&
	       a->bare.cpu.tpr == b->bare.cpu.tpr && a->bare.cpu.intr == b->bare.cpu.intr;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as there are variables. */
static void expand(struct search *s, const struct twin *from, bool open,
		   struct node node);

/* A variable had to be known: once with either value. */
static void expand_both(struct search *s, const struct twin *from, struct node node,
			unsigned var)
{
	struct node decided = node;
	struct twin t = *from;

	twin_decide(&t, s->w, var, false);
	decided.decided.known |= UINT32_C(1) << var;
	expand(s, &t, twin_open(&t, s->w), decided);
	t = *from;
	twin_decide(&t, s->w, var, true);
	decided.decided.value |= UINT32_C(1) << var;
	expand(s, &t, twin_open(&t, s->w), decided);
}

/* open: is anything undecided? */
static void expand(struct search *s, const struct twin *from, bool open, struct node node)
{
	struct act act = scope_act(node.act);
	struct twin t = *from;
	struct difference dlo, dhi;
	bool same, same_hi;

	s->lo->noted = s->hi->noted = 0;
	same = product_step(&t.lo, s->w, act, open ? s->lo : NULL, &dlo);
	if (open) {
		unsigned var;

		same_hi = product_step(&t.hi, s->w, act, s->hi, &dhi);
		var = twin_needs(s->lo, s->hi);
		if (var < scope_var_count) {
			expand_both(s, from, node, var);
			return;
		}
		if (s->lo->noted != s->hi->noted || !seen_same(dlo.bare, dhi.bare) ||
		    !seen_same(dlo.nested, dhi.nested) || !same_course(&t, s->w)) {
			s->e.error = "a step depends on a bit that it did not note";
			return;
		}
		if (s->lo->noted == READS_MAX) {
			s->e.error = "a step reads more than can be noted";
			return;
		}
		if (same && !same_hi) {
			var = scope_var_of(WORD_INT_CTL, dhi.int_ctl);
			if (var < scope_var_count &&
			    (node.decided.known >> var & 1) == 0) {
				expand_both(s, from, node, var);
				return;
			}
			dlo = dhi;
			same = false;
		}
	} else {
		t.hi = t.lo;
	}
	s->e.transitions++;
	s->e.changed += (t.lo.nested.deeds & DEED_CHANGE) != 0;
	if (!same) {
		found(s, dlo, node);
		return;
	}
	forget_twin(&t, s->w);
	add(s, &t, node);
}

/* NOLINTEND(misc-no-recursion) */

static void begin(struct search *s)
{
	struct decided d = scope_decided(s->unit);
	struct twin t;

	for (unsigned i = 0; i < scope_first_count(s->unit->slice); i++) {
		struct node node = { UINT32_MAX, d, 0, (uint8_t)i };

		twin_begin(&t, s->w, scope_first(s->unit->slice, i), d);
		add(s, &t, node);
	}
}

/* One difference is enough to see a change of the rules. */
static bool goes_on(const struct search *s)
{
	return !s->overflow && s->e.error == NULL &&
	       (s->w->change == NULL || s->e.finding_count == 0);
}

/* NOLINTBEGIN(clang-analyzer-unix.Malloc): findings own their paths. */
static void search_state(struct search *s, size_t i)
{
	struct twin t;
	bool open;

	kept(s, i, &t);
	open = twin_open(&t, s->w);
	for (unsigned a = 0; a < scope_act_count; a++) {
		struct node node = s->nodes[s->level_node[i]];

		if (!scope_allows(s->unit->slice, &t.lo, s->w, a))
			continue;
		node.parent = s->level_node[i];
		node.act = (uint8_t)a;
		expand(s, &t, open, node);
	}
}

static void search_level(struct search *s)
{
	for (size_t i = 0; i < s->level_count && goes_on(s); i++)
		search_state(s, i);
}

/* NOLINTEND(clang-analyzer-unix.Malloc) */

static struct reads *log_of(const struct search *s)
{
	struct reads *log = calloc(1, sizeof(*log));

	if (log != NULL) {
		log->plan = &s->plan;
		log->change_plan = &s->change_plan;
	}
	return log;
}

static void prepare(struct search *s)
{
	plan_make(&s->plan, s->w->rules);
	if (s->w->change != NULL)
		plan_make(&s->change_plan, s->w->change->to.rules);
	s->lo = log_of(s);
	s->hi = log_of(s);
	s->table = calloc(s->table_size, sizeof(*s->table));
	if (s->lo == NULL || s->hi == NULL || s->table == NULL)
		s->e.error = "out of memory";
	else
		begin(s);
}

static void search_all(struct search *s)
{
	while (s->next_count != 0 && goes_on(s) &&
	       (s->bounds.steps == 0 || s->steps < s->bounds.steps)) {
		s->steps++;
		free(s->level);
		free(s->level_node);
		s->level = s->next;
		s->level_node = s->next_node;
		s->level_count = s->next_count;
		s->next = NULL;
		s->next_node = NULL;
		s->next_count = s->next_room = 0;
		search_level(s);
	}
}

struct exploration explore(const struct world *w, const struct unit *unit,
			   struct bounds bounds)
{
	struct world here = *w;
	struct search s = { .w = &here,
			    .unit = unit,
			    .table_size = 1 << 16,
			    .bounds = bounds,
			    .product_size = product_size(w) };

	here.facts = unit->facts;
	here.answers = w->foreign != NULL ? l0_foreign : l0_answers(w->rules);
	prepare(&s);
	search_all(&s);
	s.e.states = s.node_count;
	s.e.complete = !s.overflow && s.e.error == NULL;
	free(s.lo);
	free(s.hi);
	free(s.level);
	free(s.level_node);
	free(s.next);
	free(s.next_node);
	free(s.table);
	free(s.nodes);
	return s.e;
}

void exploration_free(struct exploration *e)
{
	for (unsigned i = 0; i < e->finding_count; i++)
		free(e->findings[i].path);
	free(e->findings);
}
