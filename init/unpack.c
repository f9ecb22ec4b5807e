#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tar.h"

#define LATER_MAX (4u * 1024 * 1024)
#define KEEP 01777u /* permission bits that are kept: no set-uid, no set-gid */

/* A folder that its own owner may not write: its mode is set at the end. */
struct later {
	struct later *next;
	mode_t mode;
	char name[];
};

static int root_fd = -1, file_fd = -1;
static struct later *later;
static size_t later_bytes;
static char said[TAR_PATH + 128];

static const char *say(const char *name, const char *what)
{
	snprintf(said, sizeof said, "archive: %s: %s", name, what);
	return said;
}

/* Opens the folder that holds the last component of name, making what is missing; copies that component
 * to base. "" in base: the name is the root itself. Returns the descriptor or -1 with said set. */
static int walk(const char *name, char *base)
{
	int at = dup(root_fd);
	const char *p = name;
	*base = 0;
	if (*p == '/') {
		say(name, "an absolute name");
		goto fail;
	}
	while (*p) {
		size_t n = strcspn(p, "/");
		const char *rest = p + n + strspn(p + n, "/");
		if (n > NAME_MAX || (n == 2 && p[0] == '.' && p[1] == '.')) {
			say(name, n == 2 ? "a name with .." : "a name that is too long");
			goto fail;
		}
		if (n == 0 || (n == 1 && *p == '.')) {
			p = rest;
			continue;
		}
		if (*base) {
			if (mkdirat(at, base, 0755) < 0 && errno != EEXIST) {
				say(name, strerror(errno));
				goto fail;
			}
			int next = openat(at, base, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (next < 0) {
				say(name, errno == ENOTDIR ? "leads through something that is no folder"
							   : strerror(errno));
				goto fail;
			}
			close(at);
			at = next;
		}
		memcpy(base, p, n);
		base[n] = 0;
		p = rest;
	}
	return at;
fail:
	if (at >= 0)
		close(at);
	return -1;
}

static const char *remember(const char *name, mode_t mode)
{
	size_t n = strlen(name) + 1;
	struct later *l = later_bytes + n < LATER_MAX ? malloc(sizeof *l + n) : NULL;
	if (!l)
		return say(name, "too many folders that may not be written");
	memcpy(l->name, name, n);
	l->mode = mode;
	l->next = later;
	later = l;
	later_bytes += n + sizeof *l;
	return NULL;
}

static const char *make_dir(int at, const char *base, const struct tar_entry *e)
{
	mode_t mode = e->mode & KEEP;
	if (mkdirat(at, base, 0700) < 0 && errno != EEXIST)
		return say(e->name, strerror(errno));
	int fd = openat(at, base, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return say(e->name, errno == ENOTDIR ? "is there already and no folder" : strerror(errno));
	close(fd);
	/* Nothing but init runs yet, so base is still the folder that was just opened. */
	if (fchmodat(at, base, mode | 0700, 0) < 0)
		return say(e->name, strerror(errno));
	return (mode & 0700) == 0700 ? NULL : remember(e->name, mode);
}

static const char *make_file(int at, const char *base, const struct tar_entry *e)
{
	file_fd = openat(at, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return file_fd < 0 ? say(e->name, strerror(errno)) : NULL;
}

static const char *make_hardlink(int at, const char *base, const struct tar_entry *e)
{
	char target[NAME_MAX + 1];
	struct stat st;
	int from = walk(e->target, target);
	if (from < 0)
		return said;
	const char *why = NULL;
	if (fstatat(from, target, &st, AT_SYMLINK_NOFOLLOW) < 0 || !(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
		why = say(e->name, "a hard link to nothing in the archive");
	else if (linkat(from, target, at, base, 0) < 0)
		why = say(e->name, strerror(errno));
	close(from);
	return why;
}

static const char *begin(void *ctx, const struct tar_entry *e)
{
	(void)ctx;
	char base[NAME_MAX + 1];
	const char *why;
	int at = walk(e->name, base);
	if (at < 0)
		return said;
	if (!*base)
		why = e->kind == TAR_DIR ? NULL : say(e->name, "a name that is the root itself");
	else if (e->kind == TAR_DIR)
		why = make_dir(at, base, e);
	else if (unlinkat(at, base, 0) < 0 && errno != ENOENT)
		why = say(e->name, errno == EISDIR ? "would replace a folder" : strerror(errno));
	else if (e->kind == TAR_FILE)
		why = make_file(at, base, e);
	else if (e->kind == TAR_HARDLINK)
		why = make_hardlink(at, base, e);
	else
		why = symlinkat(e->target, at, base) < 0 ? say(e->name, strerror(errno)) : NULL;
	close(at);
	return why;
}

static const char *data(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	while (len > 0) {
		ssize_t n = write(file_fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			snprintf(said, sizeof said, "archive: %s", strerror(errno));
			return said;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return NULL;
}

static const char *end(void *ctx, const struct tar_entry *e)
{
	(void)ctx;
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)e->mtime}};
	int bad = fchmod(file_fd, e->mode & KEEP);
	futimens(file_fd, times); /* a file system that keeps no times is no reason to refuse */
	bad |= close(file_fd);
	file_fd = -1;
	return bad ? say(e->name, strerror(errno)) : NULL;
}

static const struct tar_sink sink = {.begin = begin, .data = data, .end = end};

const char *unpack_open(const char *root)
{
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? say(root, strerror(errno)) : NULL;
}

void unpack_attach(struct tar *t) { tar_open(t, &sink, NULL); }

const char *unpack_close(void)
{
	const char *why = NULL;
	/* Last in, first out: what lies deeper comes before the folder that closes the way to it. */
	while (later) {
		struct later *l = later;
		char base[NAME_MAX + 1];
		int at = why ? -1 : walk(l->name, base);
		if (at >= 0 && fchmodat(at, base, l->mode, 0) < 0)
			why = say(l->name, strerror(errno));
		else if (at < 0 && !why)
			why = said;
		if (at >= 0)
			close(at);
		later = l->next;
		free(l);
	}
	later_bytes = 0;
	if (file_fd >= 0)
		close(file_fd);
	if (root_fd >= 0)
		close(root_fd);
	file_fd = root_fd = -1;
	return why;
}
