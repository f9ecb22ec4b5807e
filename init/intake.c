#include "intake.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "tar.h"
#include "unpack.h"

static uint8_t *bytes;
static size_t used, cap;
static struct tar *tar; /* only while an archive is coming in */
static char said[256];

const char *intake_job(const uint8_t *piece, size_t len)
{
	if (len > JOB_MAX - used)
		return "bad job: it is longer than 4 MiB";
	if (len > cap - used) {
		size_t more = cap ? cap : 4096;
		while (more < used + len)
			more *= 2;
		uint8_t *moved = realloc(bytes, more);
		if (!moved)
			return "bad job: out of memory";
		bytes = moved;
		cap = more;
	}
	if (len)
		memcpy(bytes + used, piece, len);
	used += len;
	return NULL;
}

static const char *open_archive(void)
{
	const uint8_t *root;
	size_t len;
	char path[TAR_PATH];
	if (!job_find(bytes, used, 'o', &root, &len))
		return "archive: it came before the record that says where it goes";
	if (len == 0 || len >= sizeof path || memchr(root, 0, len))
		return "archive: its root is not a path";
	memcpy(path, root, len);
	path[len] = 0;
	const char *why = unpack_open(path);
	if (why)
		return why;
	tar = malloc(sizeof *tar);
	if (!tar)
		return "archive: out of memory";
	unpack_attach(tar);
	return NULL;
}

static const char *in_archive(const char *why)
{
	if (!why || strncmp(why, "archive: ", 9) == 0)
		return why;
	snprintf(said, sizeof said, "archive: %s", why);
	return said;
}

const char *intake_archive(const uint8_t *piece, size_t len)
{
	const char *why = tar ? NULL : open_archive();
	return why ? why : in_archive(tar_feed(tar, piece, len));
}

const char *intake_archive_end(void)
{
	if (!tar)
		return "archive: it ended before it began";
	const char *cut = tar_close(tar);
	const char *why = unpack_close();
	free(tar);
	tar = NULL;
	return in_archive(cut ? cut : why);
}

const char *intake_finish(struct job *job)
{
	if (tar)
		return "archive: it is cut off";
	return job_parse(bytes, used, job, said, sizeof said) ? NULL : said;
}
