#include "frame.h"

#include <stdbool.h>
#include <string.h>

#include "wire.h"

/* Types that a client may send: exact payload length, or -1 where any length is right. */
static const struct {
	char type;
	bool has_stream;
	int len;
} known[] = {
	{'J', false, -1}, {'F', false, -1}, {'f', false, 0}, {'G', false, 0}, {'D', false, -1},
	{'E', false, 0},  {'S', false, 1},  {'W', false, 4}, {'T', false, 8}, {'H', false, 0},
	{'O', true, 2},   {'M', true, -1},  {'Q', true, 0},  {'R', true, 0},  {'K', true, 4},
};

static const char *judge(const struct frame *f)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (known[i].type != (char)f->type)
			continue;
		if (known[i].len >= 0 && (uint32_t)known[i].len != f->len)
			return "a frame has the wrong length for its type";
		if (known[i].has_stream != (f->stream != 0))
			return "a frame has a stream id where there must be none, or none where there must be one";
		return NULL;
	}
	return "a frame of an unknown type";
}

long frame_parse(const uint8_t *buf, size_t len, struct frame *f, const char **why)
{
	if (len < FRAME_HEADER)
		return 0;
	f->type = buf[0];
	f->stream = get16(buf + 2);
	f->len = get32(buf + 4);
	f->payload = buf + FRAME_HEADER;
	*why = NULL;
	if (buf[1] != 0)
		*why = "the reserved byte of a frame is not 0";
	else if (f->len > FRAME_MAX)
		*why = "a frame is longer than 65536 bytes";
	else
		*why = judge(f);
	if (*why)
		return -1;
	return len - FRAME_HEADER < f->len ? 0 : (long)(FRAME_HEADER + f->len);
}

void frame_header(uint8_t *at, uint8_t type, uint16_t stream, uint32_t len)
{
	at[0] = type;
	at[1] = 0;
	put16(at + 2, stream);
	put32(at + 4, len);
}
