/* Sockets of the box: loopback and Unix, always non-blocking and close-on-exec. All return a descriptor
 * or -1 with errno. */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

int net_listen_v4(uint32_t address, uint16_t port);
int net_listen_v6(uint16_t port);
int net_listen_unix(const char *path); /* mode 0666 */
int net_udp_v4(uint16_t port);
int net_udp_v6(uint16_t port);

/* Under way, or already there: writable tells; net_connected says how it went. */
int net_dial_v4(uint16_t port);

/* At once, or EAGAIN when the listener's queue is full. */
int net_dial_unix(const char *path);

/* Takes the next connection of a listener. */
int net_accept(int listener);

/* 0, or the errno with which a connection failed. */
int net_connected(int fd);

/* Lets the next close tell the other side by a reset that this was no orderly end. */
void net_reset_on_close(int fd);

#endif
