#include "loop.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#define BATCH 64

static int ep = -1;
static uint64_t turns;

int loop_open(void)
{
	ep = epoll_create1(EPOLL_CLOEXEC);
	return ep < 0 ? -1 : 0;
}

void src_open(struct src *s, int fd, void (*ready)(struct src *, uint32_t))
{
	s->fd = fd;
	s->want = 0;
	s->ready = ready;
}

int src_want(struct src *s, uint32_t want)
{
	if (s->fd < 0 || s->want == want)
		return 0;
	struct epoll_event ev = {.events = want, .data.ptr = s};
	int op = want == 0 ? EPOLL_CTL_DEL : s->want == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	if (epoll_ctl(ep, op, s->fd, &ev) < 0)
		return -1;
	s->want = want;
	return 0;
}

void src_close(struct src *s)
{
	if (s->fd < 0)
		return;
	src_want(s, 0);
	close(s->fd);
	s->fd = -1;
}

uint64_t loop_count(void) { return turns; }

void loop_turn(int timeout_ms)
{
	struct epoll_event ev[BATCH];
	turns++;
	int n = epoll_wait(ep, ev, BATCH, timeout_ms);
	for (int i = 0; i < n; i++) {
		struct src *s = ev[i].data.ptr;
		/* An earlier call in this batch may have closed it; its memory is not reused before the end. */
		if (s->fd >= 0 && s->want != 0)
			s->ready(s, ev[i].events);
	}
}
