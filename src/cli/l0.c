/* SPDX-License-Identifier: MIT */
#include "l0.h"

#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool cli_is_file(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') != NULL ||
	       (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

bool cli_l0_open(const char *command, const char *name, struct cli_l0 *l0)
{
	static const struct psvm_foreign_limits limits = { .seconds = 5,
							   .random = 1 << 18 };
	char error[2048];

	if (!cli_is_file(name)) {
		l0->l0 = psvm_l0_of(cli_rules(command, name));
		return l0->l0.rules != NULL;
	}
	l0->foreign = psvm_foreign_open(name, &limits, error, sizeof(error));
	if (l0->foreign == NULL)
		return cli_fail(command, "%s: %s", name, error);
	l0->l0 = psvm_foreign_l0(l0->foreign);
	return true;
}

void cli_l0_close(struct cli_l0 *l0)
{
	psvm_foreign_close(l0->foreign);
}

size_t cli_l0_notes(char notes[CLI_L0_NOTES][CLI_L0_WORDS], const char *name,
		    const struct psvm_foreign *foreign)
{
	const struct psvm_tabulated *r;

	if (foreign == NULL)
		return 0;
	r = psvm_foreign_tabulated(foreign);
	(void)snprintf(
		notes[0], CLI_L0_WORDS,
		"%s is %s: its %s; all else by rule set %s. Tabulated with %" PRIu64
		" calls, every question asked twice, and in agreement with the tables "
		"on %" PRIu64 " random inputs: complete if it depends on nothing else.",
		name, r->name, r->functions, r->rules, r->calls, r->random);
	(void)snprintf(notes[1], CLI_L0_WORDS,
		       "It depends on what no known hypervisor does: %s.", r->discovered);
	return r->discovered[0] != '\0' ? 2 : 1;
}

void cli_l0_print(const char *name, const struct psvm_foreign *foreign)
{
	char notes[CLI_L0_NOTES][CLI_L0_WORDS];
	size_t count = cli_l0_notes(notes, name, foreign);

	for (size_t i = 0; i < count; i++)
		cli_print(0, "%s", notes[i]);
}

json_t *cli_l0_json(const struct psvm_foreign *foreign)
{
	const struct psvm_tabulated *r;

	if (foreign == NULL)
		return json_null();
	r = psvm_foreign_tabulated(foreign);
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "name", r->name, "functions",
			 r->functions, "rules", r->rules, "discovered", r->discovered,
			 "calls", (json_int_t)r->calls, "random", (json_int_t)r->random);
}
