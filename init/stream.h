/* Streams through the leash (docs/protocol.md §5): the client's `O`, and `C` for allowed hosts. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_WINDOW (256u * 1024)
#define STREAMS 1024

/* The client's frames. Each returns NULL, or how it broke the protocol. */
const char *stream_dial(uint16_t id, uint16_t port);
const char *stream_data(uint16_t id, const uint8_t *data, size_t len);
const char *stream_end(uint16_t id);
const char *stream_reset(uint16_t id);
const char *stream_credit(uint16_t id, uint32_t bytes);

/* A connection from the program that goes to name:port: becomes a stream `C`, or is reset. */
void stream_accept(int fd, const char *name, uint16_t port);

/* The program is dead: passes on what it sent before. True when all that the windows allow is passed on. */
bool stream_drain(void);

/* There is room for output again. */
void stream_rearm(void);

#endif
