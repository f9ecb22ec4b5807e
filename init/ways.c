#include "ways.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns.h"
#include "job.h"
#include "loop.h"
#include "net.h"
#include "out.h"
#include "relay.h"
#include "stream.h"

#define DNS_PORT 53
#define HOSTS_NET 0x7f4d0000u /* 127.77.0.0 */
#define LISTENERS (2 * JOB_RELAYS + JOB_RELAYS + JOB_HOSTS)
#define REFUSED_NAMES 4096 /* that are told; a program that asks for more keeps the rest to itself */
#define PAUSE_MS 20        /* after descriptors or places ran out */

struct listener {
	struct src src;
	const struct job_relay *relay; /* one of the two */
	const struct job_host *host;
	bool inward;
};

static struct listener listeners[LISTENERS];
static size_t count;
static bool paused;
static struct src dns[2] = {{.fd = -1}, {.fd = -1}};
static struct dns_zone zone;
static char own_name[256];
static uint64_t told[REFUSED_NAMES];
static size_t ntold;
static char said[256];

static const char *cannot(const char *what, const char *where, uint16_t port)
{
	snprintf(said, sizeof said, "cannot %s %s:%u: %s", what, where, (unsigned)port, strerror(errno));
	return said;
}

/* ---- connections ---- */

static bool has_room(const struct listener *l) { return l->host ? out_room() : relay_room(); }

static void pass_on(const struct listener *l, int fd)
{
	if (l->host)
		stream_accept(fd, l->host->name, l->host->port);
	else if (l->inward)
		relay_in(fd, l->relay->port);
	else
		relay_out(fd, l->relay->path);
}

static void on_connection(struct src *s, uint32_t events)
{
	struct listener *l = (struct listener *)s; /* its first member */
	(void)events;
	int fd = has_room(l) ? net_accept(s->fd) : -1;
	if (fd >= 0) {
		pass_on(l, fd);
	} else if (!has_room(l) || errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
		src_want(s, 0); /* the connection waits in the kernel's queue */
		paused = true;
	}
}

static const char *listen_on(int fd, const struct job_relay *relay, const struct job_host *host, bool inward)
{
	struct listener *l = &listeners[count++];
	*l = (struct listener){.relay = relay, .host = host, .inward = inward};
	src_open(&l->src, fd, on_connection);
	return src_want(&l->src, EPOLLIN) < 0 ? strerror(errno) : NULL;
}

/* The folder must be there; the socket in it may come later. */
static bool folder_exists(const char *path)
{
	char folder[UNIX_PATH + 1];
	struct stat st;
	size_t n = (size_t)(strrchr(path, '/') - path);
	memcpy(folder, path, n);
	folder[n] = 0;
	return n == 0 || (stat(folder, &st) == 0 && S_ISDIR(st.st_mode));
}

static const char *open_out(const struct job_relay *r)
{
	if (!folder_exists(r->path)) {
		errno = ENOENT;
		return cannot("relay to", r->path, r->port);
	}
	int fd = net_listen_v4(INADDR_LOOPBACK, r->port);
	if (fd < 0)
		return cannot("listen on", "127.0.0.1", r->port);
	const char *why = listen_on(fd, r, NULL, false);
	fd = net_listen_v6(r->port);
	if (fd < 0 && errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT)
		return cannot("listen on", "::1", r->port);
	return why || fd < 0 ? why : listen_on(fd, r, NULL, false);
}

static const char *open_in(const struct job_relay *r)
{
	int fd = net_listen_unix(r->path);
	return fd < 0 ? cannot("listen on", r->path, r->port) : listen_on(fd, r, NULL, true);
}

static const char *open_host(const struct job_host *h)
{
	int fd = net_listen_v4(HOSTS_NET + h->address, h->port);
	return fd < 0 ? cannot("listen for", h->name, h->port) : listen_on(fd, NULL, h, false);
}

/* ---- names ---- */

/* Says a refused name once. */
static void tell_refused(const char *name)
{
	uint64_t hash = 14695981039346656037u;
	for (const char *p = name; *p; p++)
		hash = (hash ^ (uint64_t)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p)) * 1099511628211u;
	for (size_t i = 0; i < ntold; i++)
		if (told[i] == hash)
			return;
	if (ntold == REFUSED_NAMES)
		return;
	told[ntold++] = hash;
	out_frame('b', 0, name, (uint32_t)strlen(name));
}

static void on_query(struct src *s, uint32_t events)
{
	(void)events;
	uint8_t query[DNS_ANSWER], answer[DNS_ANSWER];
	char refused[DNS_NAME];
	struct sockaddr_in6 from;
	for (int i = 0; i < 64; i++) {
		socklen_t from_len = sizeof from;
		if (!out_room()) {
			src_want(s, 0);
			return;
		}
		ssize_t n = recvfrom(s->fd, query, sizeof query, 0, (struct sockaddr *)&from, &from_len);
		if (n < 0)
			return;
		size_t len = dns_answer(&zone, query, (size_t)n, answer, refused);
		if (*refused)
			tell_refused(refused);
		if (len)
			sendto(s->fd, answer, len, 0, (struct sockaddr *)&from, from_len);
	}
}

static const char *open_names(const struct job *job)
{
	gethostname(own_name, sizeof own_name - 1);
	zone = (struct dns_zone){.hosts = job->hosts,
				 .nhosts = job->nhosts,
				 .names = job->names,
				 .nnames = job->nnames,
				 .own = own_name};
	int fd = net_udp_v4(DNS_PORT);
	if (fd < 0)
		return cannot("answer DNS on", "127.0.0.1", DNS_PORT);
	src_open(&dns[0], fd, on_query);
	src_open(&dns[1], net_udp_v6(DNS_PORT), on_query);
	ways_rearm();
	return NULL;
}

const char *ways_open(const struct job *job)
{
	const char *why = NULL;
	for (size_t i = 0; i < job->outs && !why; i++)
		why = open_out(&job->out[i]);
	for (size_t i = 0; i < job->ins && !why; i++)
		why = open_in(&job->in[i]);
	for (size_t i = 0; i < job->nhosts && !why; i++)
		why = open_host(&job->hosts[i]);
	if (!why && (job->dns || job->nhosts > 0 || job->nnames > 0))
		why = open_names(job);
	return why;
}

void ways_rearm(void)
{
	src_want(&dns[0], EPOLLIN);
	src_want(&dns[1], EPOLLIN);
}

int ways_patience(void)
{
	int relays = relay_patience();
	return relays >= 0 ? relays : paused ? PAUSE_MS : -1;
}

void ways_tick(void)
{
	relay_tick();
	if (!paused)
		return;
	paused = false;
	for (size_t i = 0; i < count; i++)
		src_want(&listeners[i].src, EPOLLIN);
}
