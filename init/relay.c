#include "relay.h"

#include <errno.h>
#include <unistd.h>

#include "end.h"
#include "net.h"
#include "wire.h"

#define CHUNK (64u * 1024)
#define ROUNDS 4       /* chunks before somebody else has a turn */
#define RETRY_MS 5     /* the queue of a Unix listener is full: it does not say when it no longer is */
#define RETRIES 2000

struct relay {
	struct end a, b;    /* a was accepted, b was dialled */
	const char *path;   /* while b is not connected for want of a place in its queue */
	unsigned retries;
	bool used, answered; /* answered: b has sent something */
	uint64_t freed;      /* the turn in which it was closed */
};

static struct relay pool[RELAYED];
static size_t in_use, waiting;
static uint8_t chunk[CHUNK];

static void drop(struct relay *r, bool reset)
{
	if (r->path)
		waiting--;
	r->path = NULL;
	end_close(&r->a, reset);
	end_close(&r->b, reset);
	r->used = false;
	r->freed = loop_count();
	in_use--;
}

/* Moves what is there. False: the connection was broken. */
static bool pump(struct relay *r, struct end *from, struct end *to)
{
	for (int i = 0; i < ROUNDS && !from->read_over && !end_is_busy(to); i++) {
		ssize_t n = read(from->src.fd, chunk, sizeof chunk);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n > 0) {
			r->answered |= from == &r->b;
			if (!end_write(to, CHUNK, chunk, (size_t)n))
				return false;
			continue;
		}
		if (from->deaf && from == &r->b && !r->answered)
			return false; /* it was closed without a word: a refusal, no end of an answer */
		from->read_over = to->write_over = true;
		end_flush(to);
	}
	return true;
}

/* Nothing can come from e, and nothing can go to it. */
static bool is_gone(const struct end *e) { return e->read_over && e->deaf; }

static void settle(struct relay *r)
{
	struct end *ends[2] = {&r->a, &r->b};
	if (end_is_done(&r->a) && end_is_done(&r->b)) {
		drop(r, false);
		return;
	}
	if ((is_gone(&r->b) && end_is_done(&r->a)) || (is_gone(&r->a) && end_is_done(&r->b))) {
		drop(r, !r->answered); /* an answer may still be on its way out */
		return;
	}
	for (int i = 0; i < 2; i++) {
		struct end *e = ends[i], *other = ends[1 - i];
		bool read = !e->read_over && !e->connecting && !end_is_busy(other);
		src_want(&e->src, (read ? EPOLLIN : 0u) | (end_is_busy(e) ? EPOLLOUT : 0u));
	}
}

static void on_ready(struct src *s, uint32_t events)
{
	struct end *e = (struct end *)s; /* its first member */
	struct relay *r = &pool[((char *)e - (char *)pool) / (ptrdiff_t)sizeof *pool];
	struct end *other = e == &r->a ? &r->b : &r->a;
	if (e->connecting) {
		if (net_connected(s->fd) != 0) {
			drop(r, true);
			return;
		}
		e->connecting = false;
	}
	/* A Unix socket tells a peer that is gone from one that only sends no more. */
	if (events & EPOLLHUP)
		end_drop(e);
	end_flush(e);
	bool sound = pump(r, e, other) && pump(r, other, e);
	if (sound)
		settle(r);
	else
		drop(r, true);
}

static struct relay *take(int fd)
{
	for (size_t i = 0; i < RELAYED; i++) {
		struct relay *r = &pool[i];
		if (r->used || r->freed == loop_count())
			continue;
		*r = (struct relay){.used = true, .b.src.fd = -1};
		end_open(&r->a, fd, false, on_ready);
		in_use++;
		return r;
	}
	net_reset_on_close(fd);
	close(fd);
	return NULL;
}

bool relay_room(void) { return in_use < RELAYED; }

/* False: not now. */
static bool dial_unix(struct relay *r, const char *path)
{
	int fd = net_dial_unix(path);
	if (fd < 0 && errno == EAGAIN)
		return false;
	if (r->path)
		waiting--;
	r->path = NULL;
	if (fd < 0) {
		drop(r, true);
		return true;
	}
	end_open(&r->b, fd, false, on_ready);
	settle(r);
	return true;
}

void relay_out(int fd, const char *path)
{
	struct relay *r = take(fd);
	if (r && !dial_unix(r, path)) {
		r->path = path;
		waiting++;
	}
}

void relay_in(int fd, uint16_t port)
{
	struct relay *r = take(fd);
	int to = r ? net_dial_v4(port) : -1;
	if (!r)
		return;
	if (to < 0) {
		drop(r, true);
		return;
	}
	end_open(&r->b, to, true, on_ready);
	settle(r);
}

int relay_patience(void) { return waiting ? RETRY_MS : -1; }

void relay_tick(void)
{
	for (size_t i = 0; i < RELAYED && waiting > 0; i++) {
		struct relay *r = &pool[i];
		if (r->used && r->path && !dial_unix(r, r->path) && ++r->retries > RETRIES)
			drop(r, true);
	}
}
