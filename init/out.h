/* What goes to the client: one bounded buffer of frames before the container's standard output.
 *
 *   |<------------- data frames may fill this ------------->|<- reserve ->|
 *
 * Data (the program's output, streams) is read only while out_room() says yes, so a client that does not
 * read stops the program, not init. Control frames are small and may use the reserve. */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts writing to fd. Returns -1 with errno when fd cannot be polled. */
int out_open(int fd);

/* Is there room for a data frame of FRAME_MAX bytes? Once it said no, it says so until most is sent. */
bool out_room(void);

/* True once after the room came back: everybody who was refused looks again. */
bool out_reopened(void);

/* Where the payload of the next data frame may be written (FRAME_MAX bytes). Only while out_room(). */
uint8_t *out_claim(void);

/* Makes a frame of the first len bytes that were written at out_claim(). */
void out_commit(uint8_t type, uint16_t stream, uint32_t len);

/* Queues a control frame. When even the reserve is used up the client has broken the protocol or is dead:
 * then out_broken() is true from here on. */
void out_frame(uint8_t type, uint16_t stream, const void *payload, uint32_t len);

/* Writes what the client takes. */
void out_flush(void);

/* Nobody reads any more. */
bool out_broken(void);

/* Bytes that are still to be sent. */
size_t out_pending(void);

#endif
