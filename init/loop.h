/* The one epoll loop. A source is a file descriptor and what to do when it is ready. */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

struct src {
	int fd; /* -1: closed */
	uint32_t want;
	void (*ready)(struct src *, uint32_t events);
};

/* False with errno set when there is no epoll. */
int loop_open(void);

/* Takes over a descriptor; nothing is watched until src_want. */
void src_open(struct src *s, int fd, void (*ready)(struct src *, uint32_t));

/* Watches for these events. 0 takes the source out of the loop altogether, because a hang-up would
 * otherwise be reported for ever. Returns -1 with errno when the kernel cannot poll this descriptor. */
int src_want(struct src *s, uint32_t want);

void src_close(struct src *s);

/* Counts the turns: what was closed in this turn must not be reused before the next one. */
uint64_t loop_count(void);

/* Waits at most timeout_ms (-1: for ever) and calls every source that is ready. */
void loop_turn(int timeout_ms);

#endif
