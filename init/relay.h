/* Connections that are passed on between the box's loopback and a Unix socket, in both directions, with
 * half-closes and resets, and never more than 64 KiB kept a direction. */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stdint.h>

#define RELAYED 1024

/* Is there a place for one more? */
bool relay_room(void);

/* Passes an accepted TCP connection to a Unix socket. Takes fd over. */
void relay_out(int fd, const char *path);

/* Passes an accepted Unix connection to 127.0.0.1:port. Takes fd over. */
void relay_in(int fd, uint16_t port);

/* Milliseconds until relay_tick wants to be called, -1: not at all. */
int relay_patience(void);
void relay_tick(void);

#endif
