/* One end of a connection: a socket, what is still to be written to it, and how far it is closed.
 * Relays have two of them, streams one. */
#ifndef END_H
#define END_H

#include <stdbool.h>

#include "loop.h"
#include "ring.h"

struct end {
	struct src src;
	struct ring pending; /* to be written */
	bool connecting;
	bool read_over;  /* it will send no more */
	bool write_over; /* nothing more is to be written once pending is empty */
	bool shut;       /* that has been told to it */
	bool deaf;       /* it takes no more: what comes for it is dropped */
};

void end_open(struct end *e, int fd, bool connecting, void (*ready)(struct src *, uint32_t));

/* Writes, and keeps what it does not take (at most cap bytes). False: no memory, or over cap. */
bool end_write(struct end *e, size_t cap, const void *data, size_t len);

/* Writes what is pending, then passes on the end. */
void end_flush(struct end *e);

/* It takes no more. It may still send: an answer given before the whole question was heard. */
void end_drop(struct end *e);

/* Bytes that are pending, or would be: is it a bad moment to read for it? */
bool end_is_busy(const struct end *e);

/* Everything that has to be written is written. */
bool end_is_done(const struct end *e);

void end_close(struct end *e, bool reset);

#endif
