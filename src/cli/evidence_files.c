/* SPDX-License-Identifier: MIT */
#include "evidence_files.h"

#include "cli.h"
#include "psvm/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "recordings/kvm-6.1.csv": "kvm-6.1". */
static void name_environment(struct evidence_file *file, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	(void)snprintf(file->environment, sizeof(file->environment), "%.*s",
		       (int)(dot - name), name);
}

static bool find_witnesses(struct evidence_file *file, const struct replay *machine)
{
	const struct recording *recording = &file->recording;
	struct psvm_evidence *to = &file->evidence;

	to->witnesses = calloc(recording->count + 1, sizeof(*to->witnesses));
	if (to->witnesses == NULL)
		return cli_fail("check", "out of memory");
	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *row = &recording->rows[i];
		struct witness *next = &to->witnesses[to->count];

		next->row = row->name;
		if (row->run && evidence_of(&next->difference, machine, &row->experiment,
					    &row->outcome))
			to->count++;
	}
	return true;
}

static bool read_file(struct evidence_files *files, const char *path)
{
	const struct recording_origin *origin = recording_origin(path);
	struct evidence_file *file;
	struct replay machine;

	if (origin == NULL || origin->rules == NULL)
		return cli_fail(
			"check",
			"%s: the name does not say which version of KVM it is of; "
			"kvm-6.1.csv, kvm-6.12.csv and kvm-7.2.csv do",
			path);
	file = &files->of[psvm_rule_set_by_name(origin->rules)];
	if (file->environment[0] != '\0')
		return cli_fail("check", "%s: the second recording of %s; give one", path,
				file->environment);
	machine.processor = origin->processor;
	machine.rules = cli_rules("check", origin->rules);
	name_environment(file, path);
	return recording_read(&file->recording, "check", path,
			      processors[origin->processor].sends) &&
	       find_witnesses(file, &machine);
}

bool evidence_files_read(struct evidence_files *files, char *const *paths)
{
	for (; paths != NULL && *paths != NULL; paths++)
		if (!read_file(files, *paths))
			return false;
	return true;
}

void evidence_files_free(struct evidence_files *files)
{
	for (size_t i = 0; i < PSVM_RULE_SET_COUNT; i++) {
		recording_free(&files->of[i].recording);
		free(files->of[i].evidence.witnesses);
	}
}

const struct evidence_file *evidence_file_of(const struct evidence_files *files,
					     const char *rules)
{
	uint32_t id = psvm_rule_set_by_name(rules);

	return id < PSVM_RULE_SET_COUNT && files->of[id].environment[0] != '\0'
		       ? &files->of[id]
		       : NULL;
}
