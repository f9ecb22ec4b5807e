#include "stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "end.h"
#include "frame.h"
#include "net.h"
#include "out.h"
#include "wire.h"

#define CREDIT_BATCH (64u * 1024)
#define ROUNDS 4 /* frames before somebody else has a turn */

struct stream {
	struct end end;
	uint16_t id;     /* 0: free */
	uint64_t freed;  /* the turn in which it was closed */
	uint32_t window; /* bytes that the client will still take */
	uint32_t held;   /* bytes from the client that it has not got back as window */
};

static struct stream pool[STREAMS];
static uint16_t slot[65536]; /* by id: place in the pool + 1, 0: none */
static uint16_t last_id;

static struct stream *find(uint16_t id) { return slot[id] ? &pool[slot[id] - 1] : NULL; }

static void on_ready(struct src *s, uint32_t events);

static struct stream *take(uint16_t id, int fd, bool connecting)
{
	for (size_t i = 0; i < STREAMS; i++) {
		struct stream *s = &pool[i];
		if (s->id || s->freed == loop_count())
			continue;
		*s = (struct stream){.id = id, .window = STREAM_WINDOW};
		end_open(&s->end, fd, connecting, on_ready);
		slot[id] = (uint16_t)(i + 1);
		return s;
	}
	return NULL;
}

static void drop(struct stream *s, bool reset)
{
	end_close(&s->end, reset);
	slot[s->id] = 0;
	s->id = 0;
	s->freed = loop_count();
}

/* Ends a stream that the client believes to be alive. */
static void break_off(struct stream *s)
{
	out_frame('R', s->id, NULL, 0);
	drop(s, true);
}

/* Gives back what was received and is no longer queued. */
static void give_credit(struct stream *s)
{
	uint8_t payload[4];
	uint32_t taken = s->held - (uint32_t)s->end.pending.len;
	if (taken < CREDIT_BATCH)
		return;
	put32(payload, taken);
	out_frame('K', s->id, payload, sizeof payload);
	s->held -= taken;
}

static bool may_read(const struct stream *s)
{
	return !s->end.read_over && !s->end.connecting && s->window > 0 && out_room();
}

/* Reads what is there, within the window. False: the connection was broken. */
static bool pump(struct stream *s)
{
	for (int i = 0; i < ROUNDS && may_read(s); i++) {
		ssize_t n = read(s->end.src.fd, out_claim(), s->window < FRAME_MAX ? s->window : FRAME_MAX);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n > 0) {
			out_commit('m', s->id, (uint32_t)n);
			s->window -= (uint32_t)n;
			continue;
		}
		s->end.read_over = true;
		out_frame('q', s->id, NULL, 0);
	}
	return true;
}

static void settle(struct stream *s)
{
	struct end *e = &s->end;
	give_credit(s);
	if (e->read_over && end_is_done(e))
		drop(s, false);
	else if (e->read_over && e->deaf)
		break_off(s);
	else
		src_want(&e->src, (may_read(s) ? EPOLLIN : 0u) | (end_is_busy(e) ? EPOLLOUT : 0u));
}

static void on_ready(struct src *src, uint32_t events)
{
	struct stream *s = (struct stream *)src; /* its first member's first member */
	(void)events;
	if (s->end.connecting) {
		if (net_connected(src->fd) != 0) {
			break_off(s);
			return;
		}
		s->end.connecting = false;
		out_frame('A', s->id, NULL, 0);
	}
	end_flush(&s->end);
	if (pump(s))
		settle(s);
	else
		break_off(s);
}

const char *stream_dial(uint16_t id, uint16_t port)
{
	if (id % 2 == 0)
		return "the client opened a stream with an even id";
	if (find(id))
		return "the client opened a stream with an id that is in use";
	int fd = net_dial_v4(port);
	struct stream *s = fd >= 0 ? take(id, fd, true) : NULL;
	if (s) {
		settle(s);
		return NULL;
	}
	if (fd >= 0)
		close(fd);
	out_frame('R', id, NULL, 0);
	return NULL;
}

const char *stream_data(uint16_t id, const uint8_t *data, size_t len)
{
	struct stream *s = find(id);
	if (!s)
		return NULL; /* it crossed our reset */
	if (s->end.write_over)
		return "data on a stream after its end";
	if (len > STREAM_WINDOW - s->held)
		return "more data on a stream than its window";
	s->held += (uint32_t)len;
	if (end_write(&s->end, STREAM_WINDOW, data, len))
		settle(s);
	else
		break_off(s);
	return NULL;
}

const char *stream_end(uint16_t id)
{
	struct stream *s = find(id);
	if (!s)
		return NULL;
	if (s->end.write_over)
		return "a stream ended twice";
	s->end.write_over = true;
	end_flush(&s->end);
	settle(s);
	return NULL;
}

const char *stream_reset(uint16_t id)
{
	struct stream *s = find(id);
	if (s)
		drop(s, true);
	return NULL;
}

const char *stream_credit(uint16_t id, uint32_t bytes)
{
	struct stream *s = find(id);
	if (!s)
		return NULL;
	if (bytes > STREAM_WINDOW - s->window)
		return "window given back for data that was never sent";
	s->window += bytes;
	settle(s);
	return NULL;
}

/* The next even id that is free. There are 32,767 of them and at most 1,024 streams. */
static uint16_t next_id(void)
{
	do
		last_id = (uint16_t)(last_id + 2);
	while (last_id == 0 || slot[last_id]);
	return last_id;
}

void stream_accept(int fd, const char *name, uint16_t port)
{
	char where[300];
	struct stream *s = take(next_id(), fd, false);
	if (!s) {
		net_reset_on_close(fd);
		close(fd);
		return;
	}
	int n = snprintf(where, sizeof where, "%s:%u", name, (unsigned)port);
	out_frame('C', s->id, where, (uint32_t)n);
	settle(s);
}

bool stream_drain(void)
{
	for (size_t i = 0; i < STREAMS; i++) {
		struct stream *s = &pool[i];
		uint32_t before;
		do {
			before = s->window;
			if (s->id && !pump(s))
				break_off(s);
		} while (s->id && s->window != before);
		if (s->id && !s->end.read_over && s->window > 0 && !out_room())
			return false;
	}
	return true;
}

void stream_rearm(void)
{
	for (size_t i = 0; i < STREAMS; i++)
		if (pool[i].id)
			settle(&pool[i]);
}
