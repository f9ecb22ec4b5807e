/* Frames (docs/protocol.md §1): a header of 8 bytes, then at most 64 KiB. Pure: no I/O, no state. */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER 8u
#define FRAME_MAX 65536u

struct frame {
	uint8_t type;
	uint16_t stream;
	uint32_t len;
	const uint8_t *payload; /* points into the buffer that was parsed */
};

/* Looks at buf for one whole frame from the client. Returns the bytes it takes, 0 when more are needed,
 * -1 when the bytes break the protocol; then *why says how. Everything that can be judged without knowing
 * the state of the box is judged here: type, reserved byte, length, stream id where there must be none. */
long frame_parse(const uint8_t *buf, size_t len, struct frame *f, const char **why);

/* Writes a header for a payload of len bytes. */
void frame_header(uint8_t *at, uint8_t type, uint16_t stream, uint32_t len);

#endif
