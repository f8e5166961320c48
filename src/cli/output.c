/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const struct cli_output *output, const char *what)
{
	fprintf(stderr, "psvm: %s: %s\n", output->path, what);
	return false;
}

static bool write_stream(FILE *stream, const struct cli_output *output)
{
	return fwrite(output->data, 1, output->size, stream) == output->size &&
	       fflush(stream) == 0;
}

/* The mode of the file that is replaced, or what open() would give a new one. */
static mode_t mode_of(const char *path)
{
	struct stat status;
	mode_t mask = umask(0);

	umask(mask);
	return stat(path, &status) == 0 ? status.st_mode & 07777 : 0666 & ~mask;
}

/* Write and close a new file. */
static bool write_descriptor(int descriptor, const struct cli_output *output)
{
	FILE *stream = fdopen(descriptor, "wb");
	bool ok;

	if (!stream) {
		close(descriptor);
		return false;
	}
	ok = write_stream(stream, output) &&
	     fchmod(descriptor, mode_of(output->target)) == 0 && fsync(descriptor) == 0;
	return fclose(stream) == 0 && ok;
}

/* In the directory of the target, so that rename() can replace it. */
static bool write_temporary(struct cli_output *output)
{
	static const char suffix[] = ".XXXXXX";
	size_t size = strlen(output->target) + sizeof(suffix);
	char *temporary = malloc(size);
	int descriptor;

	if (!temporary)
		return false;
	snprintf(temporary, size, "%s%s", output->target, suffix);
	descriptor = mkstemp(temporary);
	if (descriptor < 0) {
		free(temporary);
		return false;
	}
	output->temporary = temporary;
	return write_descriptor(descriptor, output);
}

static bool open_special(struct cli_output *output)
{
	output->stream = fopen(output->path, "wb");
	return output->stream != NULL;
}

/* Through a symbolic link to a file, that file is replaced. */
static bool begin(struct cli_output *output)
{
	struct stat status;

	if (stat(output->path, &status) == 0 && !S_ISREG(status.st_mode))
		return open_special(output);
	output->target = realpath(output->path, NULL);
	if (!output->target)
		output->target = strdup(output->path);
	return output->target && write_temporary(output);
}

static bool is_dangling(const char *path)
{
	struct stat status;

	return stat(path, &status) != 0 && lstat(path, &status) == 0 &&
	       S_ISLNK(status.st_mode);
}

bool cli_output_begin(struct cli_output *output, const char *path, const void *data,
		      size_t size)
{
	*output = (struct cli_output){ .path = path, .data = data, .size = size };
	if (is_dangling(path))
		return fail(output, "a symbolic link that leads nowhere");
	if (begin(output))
		return true;
	fail(output, strerror(errno));
	cli_output_abandon(output);
	return false;
}

void cli_output_abandon(struct cli_output *output)
{
	if (output->temporary)
		unlink(output->temporary);
	if (output->stream)
		fclose(output->stream);
	free(output->temporary);
	free(output->target);
}

bool cli_output_probe(const char *path)
{
	struct cli_output output;
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) &&
	    !S_ISDIR(status.st_mode))
		return true;
	if (!cli_output_begin(&output, path, "", 0))
		return false;
	cli_output_abandon(&output);
	return true;
}

static bool finish(struct cli_output *output)
{
	bool ok;

	if (output->temporary)
		return rename(output->temporary, output->target) == 0;
	ok = write_stream(output->stream, output);
	ok = fclose(output->stream) == 0 && ok;
	output->stream = NULL;
	return ok;
}

bool cli_output_commit(struct cli_output *output)
{
	bool ok = finish(output) || fail(output, strerror(errno));

	if (ok) {
		free(output->temporary);
		output->temporary = NULL;
	}
	cli_output_abandon(output);
	return ok;
}
