/* A bounded byte queue. Memory is taken on first use and touched only as far as it fills. */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *buf;
	size_t cap, head, len;
};

/* Appends n bytes; false when they do not fit in cap or there is no memory. */
bool ring_put(struct ring *r, size_t cap, const void *data, size_t n);

/* Writes as much as fd takes. Returns the bytes written, or -1 with errno set for a real error
 * (EAGAIN is no error: 0). */
long ring_write(struct ring *r, int fd);

void ring_free(struct ring *r);

#endif
