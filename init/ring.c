#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool ring_put(struct ring *r, size_t cap, const void *data, size_t n)
{
	if (!r->buf) {
		r->buf = malloc(cap);
		r->cap = cap;
		r->head = r->len = 0;
	}
	if (!r->buf || n > r->cap - r->len)
		return false;
	if (n == 0)
		return true;
	if (r->len == 0)
		r->head = 0;
	size_t at = (r->head + r->len) % r->cap;
	size_t first = r->cap - at < n ? r->cap - at : n;
	memcpy(r->buf + at, data, first);
	memcpy(r->buf, (const uint8_t *)data + first, n - first);
	r->len += n;
	return true;
}

long ring_write(struct ring *r, int fd)
{
	long done = 0;
	while (r->len > 0) {
		size_t n = r->cap - r->head < r->len ? r->cap - r->head : r->len;
		ssize_t w = write(fd, r->buf + r->head, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return errno == EAGAIN ? done : -1;
		r->head = (r->head + (size_t)w) % r->cap;
		r->len -= (size_t)w;
		done += w;
	}
	return done;
}

void ring_free(struct ring *r)
{
	free(r->buf);
	*r = (struct ring){0};
}
