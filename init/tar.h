/* A tar reader that takes its archive in pieces: ustar, GNU long names ('L', 'K'), pax headers ('x': path,
 * linkpath, size; 'g' is skipped). Pure: what it finds goes to a sink, which may refuse. */
#ifndef TAR_H
#define TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512u
#define TAR_PATH 4096u
#define TAR_EXTRA 16384u /* the longest 'L', 'K' or 'x' body */

enum tar_kind { TAR_FILE, TAR_DIR, TAR_SYMLINK, TAR_HARDLINK };

struct tar_entry {
	enum tar_kind kind;
	const char *name, *target; /* never empty for a link; not checked for .. or / */
	uint32_t mode;             /* permission bits, 07777 at most */
	uint64_t size, mtime;
};

/* Each returns NULL, or the sentence with which to refuse the archive. data is called for TAR_FILE only;
 * end is called once after each file's last byte. */
struct tar_sink {
	const char *(*begin)(void *ctx, const struct tar_entry *);
	const char *(*data)(void *ctx, const uint8_t *, size_t);
	const char *(*end)(void *ctx, const struct tar_entry *);
};

struct tar {
	const struct tar_sink *sink;
	void *ctx;
	enum { TAR_HEADER, TAR_BODY, TAR_EXTRA_BODY, TAR_SKIP, TAR_PAD, TAR_END } state;
	uint8_t block[TAR_BLOCK];
	size_t have;        /* bytes of block or extra that are there */
	uint64_t left, pad; /* bytes of the body that are to come, and of its padding */
	char extra_type;
	char extra[TAR_EXTRA];
	char name[TAR_PATH], target[TAR_PATH];
	bool has_name, has_target, has_size; /* said by an 'L', 'K' or 'x' before the entry */
	uint64_t size;
	struct tar_entry entry;
	unsigned zeros;
};

void tar_open(struct tar *t, const struct tar_sink *sink, void *ctx);

/* Takes the next piece. NULL, or why the archive is refused; after a refusal the reader is of no use. */
const char *tar_feed(struct tar *t, const uint8_t *data, size_t len);

/* The archive is over: NULL, or that it is cut off. */
const char *tar_close(const struct tar *t);

#endif
