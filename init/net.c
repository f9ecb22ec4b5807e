#include "net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024
#define FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

static int give_up(int fd)
{
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

static int bound(int type, const void *address, socklen_t len, bool reuse)
{
	int on = 1;
	int family = ((const struct sockaddr *)address)->sa_family;
	int fd = socket(family, type | FLAGS, 0);
	if (fd < 0)
		return -1;
	if (reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, address, len) < 0 || (type == SOCK_STREAM && listen(fd, BACKLOG) < 0))
		return give_up(fd);
	return fd;
}

static struct sockaddr_in v4(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

static struct sockaddr_in6 v6(uint16_t port)
{
	return (struct sockaddr_in6){
	    .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
}

static struct sockaddr_un on_disk(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strncpy(a.sun_path, path, sizeof a.sun_path - 1);
	return a;
}

int net_listen_v4(uint32_t address, uint16_t port)
{
	struct sockaddr_in a = v4(address, port);
	return bound(SOCK_STREAM, &a, sizeof a, true);
}

int net_listen_v6(uint16_t port)
{
	struct sockaddr_in6 a = v6(port);
	return bound(SOCK_STREAM, &a, sizeof a, true);
}

int net_listen_unix(const char *path)
{
	struct sockaddr_un a = on_disk(path);
	int fd = bound(SOCK_STREAM, &a, sizeof a, false);
	if (fd >= 0 && chmod(path, 0666) < 0)
		return give_up(fd);
	return fd;
}

int net_udp_v4(uint16_t port)
{
	struct sockaddr_in a = v4(INADDR_LOOPBACK, port);
	return bound(SOCK_DGRAM, &a, sizeof a, false);
}

int net_udp_v6(uint16_t port)
{
	struct sockaddr_in6 a = v6(port);
	return bound(SOCK_DGRAM, &a, sizeof a, false);
}

int net_dial_v4(uint16_t port)
{
	struct sockaddr_in a = v4(INADDR_LOOPBACK, port);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | FLAGS, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS)
		return give_up(fd);
	return fd;
}

int net_dial_unix(const char *path)
{
	struct sockaddr_un a = on_disk(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | FLAGS, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		return give_up(fd);
	return fd;
}

int net_accept(int listener)
{
	int on = 1, fd = accept4(listener, NULL, NULL, FLAGS);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a Unix socket says no: fine */
	return fd;
}

int net_connected(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

void net_reset_on_close(int fd)
{
	struct linger now = {.l_onoff = 1};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}
