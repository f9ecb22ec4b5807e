#include "out.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "loop.h"

#define CAP (512u * 1024)
#define RESERVE (64u * 1024)
#define NEED (FRAME_HEADER + FRAME_MAX + RESERVE)

static uint8_t buf[CAP];
static size_t head, tail;
static bool broken, refused, reopened;
static struct src sink = {.fd = -1};

static void on_writable(struct src *s, uint32_t events)
{
	(void)s;
	(void)events;
	out_flush();
}

int out_open(int fd)
{
	src_open(&sink, fd, on_writable);
	if (src_want(&sink, EPOLLOUT) < 0)
		return -1;
	return src_want(&sink, 0);
}

bool out_room(void)
{
	size_t used = tail - head;
	if (refused && used > CAP / 4)
		return false;
	refused = CAP - used < NEED;
	return !refused;
}

bool out_reopened(void)
{
	bool was = reopened;
	reopened = false;
	return was;
}

/* Moves what is queued to the front when the free end is shorter than n. */
static void make_space(size_t n)
{
	if (CAP - tail >= n || head == 0)
		return;
	memmove(buf, buf + head, tail - head);
	tail -= head;
	head = 0;
}

uint8_t *out_claim(void)
{
	make_space(NEED);
	return buf + tail + FRAME_HEADER;
}

void out_commit(uint8_t type, uint16_t stream, uint32_t len)
{
	frame_header(buf + tail, type, stream, len);
	tail += FRAME_HEADER + len;
}

void out_frame(uint8_t type, uint16_t stream, const void *payload, uint32_t len)
{
	make_space(FRAME_HEADER + len);
	if (CAP - tail < FRAME_HEADER + len) {
		broken = true;
		return;
	}
	if (len)
		memcpy(buf + tail + FRAME_HEADER, payload, len);
	out_commit(type, stream, len);
}

void out_flush(void)
{
	while (head < tail && !broken) {
		ssize_t n = write(sink.fd, buf + head, tail - head);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			broken = true;
		else
			head += (size_t)n;
	}
	if (head == tail)
		head = tail = 0;
	if (refused && out_room())
		reopened = true;
	src_want(&sink, head < tail && !broken ? EPOLLOUT : 0);
}

bool out_broken(void) { return broken; }

size_t out_pending(void) { return broken ? 0 : tail - head; }
