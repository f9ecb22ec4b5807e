#include "tar.h"

#include <string.h>

/* Where things stand in a ustar header. */
enum { NAME = 0, MODE = 100, SIZE = 124, MTIME = 136, SUM = 148, TYPE = 156, LINK = 157, MAGIC = 257, PREFIX = 345 };

static size_t field_len(const uint8_t *p, size_t max)
{
	const uint8_t *nul = memchr(p, 0, max);
	return nul ? (size_t)(nul - p) : max;
}

/* Octal, or base 256 where the first bit is set (GNU, for sizes over 8 GiB). False: not a number. */
static bool number(const uint8_t *p, size_t len, uint64_t *v)
{
	size_t i = 0;
	*v = 0;
	if (p[0] & 0x80) {
		if (p[0] != 0x80)
			return false; /* negative, or beyond 64 bits */
		for (i = 1; i < len; i++) {
			if (*v >> 55)
				return false;
			*v = *v << 8 | p[i];
		}
		return true;
	}
	while (i < len && p[i] == ' ')
		i++;
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++)
		*v = *v << 3 | (uint64_t)(p[i] - '0');
	for (; i < len; i++)
		if (p[i] != 0 && p[i] != ' ')
			return false;
	return true;
}

static bool sum_is_right(const uint8_t *b)
{
	uint64_t said, sum = 0;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM && i < SUM + 8 ? ' ' : b[i];
	return number(b + SUM, 8, &said) && said == sum;
}

static const char *set_path(char *to, const char *from, size_t len)
{
	if (len >= TAR_PATH)
		return "a name is longer than 4095 bytes";
	if (memchr(from, 0, len))
		return "a name holds a NUL byte";
	memcpy(to, from, len);
	to[len] = 0;
	return NULL;
}

static void header_name(struct tar *t)
{
	const uint8_t *b = t->block;
	size_t prefix = memcmp(b + MAGIC, "ustar\0", 6) == 0 ? field_len(b + PREFIX, 155) : 0;
	size_t name = field_len(b + NAME, 100);
	char *to = t->name;
	if (prefix) {
		memcpy(to, b + PREFIX, prefix);
		to[prefix] = '/';
		to += prefix + 1;
	}
	memcpy(to, b + NAME, name);
	to[name] = 0;
}

static void header_target(struct tar *t)
{
	size_t len = field_len(t->block + LINK, 100);
	memcpy(t->target, t->block + LINK, len);
	t->target[len] = 0;
}

/* One `length key=value\n` of a pax header. */
static const char *pax_record(struct tar *t, const char *key, size_t key_len, const char *value, size_t len)
{
	const char *why = NULL;
	if (key_len == 4 && memcmp(key, "path", 4) == 0) {
		why = set_path(t->name, value, len);
		t->has_name = true;
	} else if (key_len == 8 && memcmp(key, "linkpath", 8) == 0) {
		why = set_path(t->target, value, len);
		t->has_target = true;
	} else if (key_len == 4 && memcmp(key, "size", 4) == 0) {
		t->size = 0;
		for (size_t i = 0; i < len; i++) {
			if (value[i] < '0' || value[i] > '9' || t->size >> 56)
				return "a pax size is not a number";
			t->size = t->size * 10 + (uint64_t)(value[i] - '0');
		}
		t->has_size = true;
	} else if (key_len >= 10 && memcmp(key, "GNU.sparse", 10) == 0) {
		why = "sparse files are not supported";
	}
	return why;
}

static const char *pax(struct tar *t, const char *p, size_t len)
{
	while (len > 0) {
		size_t n = 0, i = 0;
		for (; i < len && i < 6 && p[i] >= '0' && p[i] <= '9'; i++)
			n = n * 10 + (size_t)(p[i] - '0');
		if (i == 0 || i == len || p[i] != ' ' || n <= i + 2 || n > len || p[n - 1] != '\n')
			return "a pax header is malformed";
		const char *key = p + i + 1, *end = p + n - 1;
		const char *equals = memchr(key, '=', (size_t)(end - key));
		if (!equals)
			return "a pax header is malformed";
		const char *why =
		    pax_record(t, key, (size_t)(equals - key), equals + 1, (size_t)(end - equals - 1));
		if (why)
			return why;
		p += n;
		len -= n;
	}
	return NULL;
}

/* The body of an 'L', 'K' or 'x' is whole. */
static const char *take_extra(struct tar *t)
{
	size_t len = t->have;
	t->have = 0;
	if (t->extra_type == 'x')
		return pax(t, t->extra, len);
	if (len > 0 && t->extra[len - 1] == 0)
		len--;
	if (t->extra_type == 'L') {
		t->has_name = true;
		return set_path(t->name, t->extra, len);
	}
	t->has_target = true;
	return set_path(t->target, t->extra, len);
}

static void after_body(struct tar *t)
{
	t->left = t->pad;
	t->pad = 0;
	t->state = t->left ? TAR_PAD : TAR_HEADER;
}

static const char *end_entry(struct tar *t)
{
	const char *why = t->entry.kind == TAR_FILE ? t->sink->end(t->ctx, &t->entry) : NULL;
	t->has_name = t->has_target = t->has_size = false;
	after_body(t);
	return why;
}

static const char *kind_of(struct tar *t, char type)
{
	size_t n = strlen(t->name);
	switch (type) {
	case 0:
	case '0':
	case '7':
		t->entry.kind = n > 0 && t->name[n - 1] == '/' ? TAR_DIR : TAR_FILE;
		return NULL;
	case '1':
		t->entry.kind = TAR_HARDLINK;
		return NULL;
	case '2':
		t->entry.kind = TAR_SYMLINK;
		return NULL;
	case '5':
		t->entry.kind = TAR_DIR;
		return NULL;
	default:
		return "it holds something that is no file, folder or link";
	}
}

static const char *begin_entry(struct tar *t, uint64_t size)
{
	struct tar_entry *e = &t->entry;
	uint64_t mode;
	if (!number(t->block + MODE, 8, &mode) || !number(t->block + MTIME, 12, &e->mtime))
		return "a header is malformed";
	if (!t->has_name)
		header_name(t);
	if (!t->has_target)
		header_target(t);
	const char *why = kind_of(t, (char)t->block[TYPE]);
	if (why)
		return why;
	e->name = t->name;
	e->target = t->target;
	e->mode = (uint32_t)(mode & 07777);
	e->size = e->kind == TAR_FILE ? (t->has_size ? t->size : size) : 0;
	if ((e->kind == TAR_SYMLINK || e->kind == TAR_HARDLINK) && !t->target[0])
		return "a link has no target";
	t->left = e->size;
	t->pad = (TAR_BLOCK - e->size % TAR_BLOCK) % TAR_BLOCK;
	if ((why = t->sink->begin(t->ctx, e)))
		return why;
	t->state = TAR_BODY;
	return t->left ? NULL : end_entry(t);
}

static const char *header(struct tar *t)
{
	static const uint8_t nothing[TAR_BLOCK];
	uint64_t size;
	t->have = 0;
	if (memcmp(t->block, nothing, TAR_BLOCK) == 0) {
		if (++t->zeros == 2)
			t->state = TAR_END;
		return NULL;
	}
	t->zeros = 0;
	if (!sum_is_right(t->block))
		return "a header has a wrong checksum";
	if (!number(t->block + SIZE, 12, &size))
		return "a header is malformed";
	char type = (char)t->block[TYPE];
	if (type != 'L' && type != 'K' && type != 'x' && type != 'g')
		return begin_entry(t, size);
	if (type != 'g' && size > TAR_EXTRA)
		return "a name is longer than 4095 bytes";
	t->extra_type = type;
	t->left = size;
	t->pad = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
	t->state = type == 'g' ? TAR_SKIP : TAR_EXTRA_BODY;
	if (t->left == 0)
		after_body(t);
	return NULL;
}

/* One step: takes some bytes in the present state. */
static const char *step(struct tar *t, const uint8_t *data, size_t n)
{
	const char *why = NULL;
	switch (t->state) {
	case TAR_HEADER:
		memcpy(t->block + t->have, data, n);
		t->have += n;
		return t->have == TAR_BLOCK ? header(t) : NULL;
	case TAR_BODY:
		why = t->sink->data(t->ctx, data, n);
		t->left -= n;
		return why || t->left ? why : end_entry(t);
	case TAR_EXTRA_BODY:
		memcpy(t->extra + t->have, data, n);
		t->have += n;
		t->left -= n;
		if (t->left == 0) {
			why = take_extra(t);
			after_body(t);
		}
		return why;
	case TAR_SKIP:
	case TAR_PAD:
		t->left -= n;
		if (t->left == 0)
			after_body(t);
		return NULL;
	default:
		return NULL; /* what stands behind the end is padding */
	}
}

void tar_open(struct tar *t, const struct tar_sink *sink, void *ctx)
{
	memset(t, 0, sizeof *t);
	t->sink = sink;
	t->ctx = ctx;
}

const char *tar_feed(struct tar *t, const uint8_t *data, size_t len)
{
	while (len > 0) {
		uint64_t wants = t->state == TAR_HEADER ? TAR_BLOCK - t->have : t->state == TAR_END ? len : t->left;
		size_t n = wants < len ? (size_t)wants : len;
		const char *why = step(t, data, n);
		if (why)
			return why;
		data += n;
		len -= n;
	}
	return NULL;
}

const char *tar_close(const struct tar *t)
{
	bool between = t->state == TAR_END || (t->state == TAR_HEADER && t->have == 0);
	return between && !t->has_name && !t->has_target ? NULL : "it is cut off";
}
