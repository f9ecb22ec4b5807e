#include "end.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

void end_open(struct end *e, int fd, bool connecting, void (*ready)(struct src *, uint32_t))
{
	*e = (struct end){.connecting = connecting};
	src_open(&e->src, fd, ready);
}

void end_drop(struct end *e)
{
	e->deaf = true;
	ring_free(&e->pending);
}

static void tell_end(struct end *e)
{
	if (!e->write_over || e->shut || e->connecting || e->pending.len > 0)
		return;
	e->shut = true;
	if (!e->deaf)
		shutdown(e->src.fd, SHUT_WR);
}

bool end_write(struct end *e, size_t cap, const void *data, size_t len)
{
	ssize_t n = 0;
	if (e->deaf)
		return true;
	if (!e->connecting && e->pending.len == 0) {
		n = write(e->src.fd, data, len);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			end_drop(e);
			return true;
		}
		n = n < 0 ? 0 : n;
	}
	return (size_t)n == len || ring_put(&e->pending, cap, (const char *)data + n, len - (size_t)n);
}

void end_flush(struct end *e)
{
	if (e->connecting)
		return;
	if (e->pending.len > 0 && ring_write(&e->pending, e->src.fd) < 0)
		end_drop(e);
	tell_end(e);
}

bool end_is_busy(const struct end *e) { return e->connecting || e->pending.len > 0; }

bool end_is_done(const struct end *e) { return e->shut || (e->deaf && e->write_over); }

void end_close(struct end *e, bool reset)
{
	if (e->src.fd >= 0 && reset)
		net_reset_on_close(e->src.fd);
	src_close(&e->src);
	ring_free(&e->pending);
}
