#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "child.h"
#include "frame.h"
#include "job.h"
#include "loop.h"
#include "out.h"
#include "ring.h"
#include "wire.h"

#define CREDIT_BATCH (64u * 1024)

static struct child child = {.in = -1, .out = -1, .err = -1, .status = -1};
static struct src in = {.fd = -1}, out = {.fd = -1}, err = {.fd = -1}, status = {.fd = -1};
static void (*outcome_ready)(void);
static bool started, in_pty, in_ended, in_gone;
static struct ring in_ring;
static size_t in_held; /* bytes that the client has not got back as credit */
static uint8_t in_last = '\n';
static uint32_t kept_signals;
static struct winsize kept_size;

pid_t program_pid(void) { return child.pid; }

/* Gives back what was received and is no longer queued. */
static void give_credit(void)
{
	uint8_t payload[4];
	size_t taken = in_held - in_ring.len;
	if (taken < CREDIT_BATCH)
		return;
	put32(payload, (uint32_t)taken);
	out_frame('k', 0, payload, sizeof payload);
	in_held -= taken;
}

/* A terminal has no end of file: the character that means it is typed. In the middle of a line the first
 * one only hands over what was typed. */
static void type_end_of_file(void)
{
	struct termios t;
	if (tcgetattr(in.fd, &t) < 0 || !(t.c_lflag & ICANON))
		return;
	uint8_t eof[2] = {t.c_cc[VEOF], t.c_cc[VEOF]};
	ssize_t n = write(in.fd, eof, in_last == '\n' ? 1 : 2);
	(void)n;
}

static void close_input(void)
{
	if (in_ring.len == 0 && in_pty && !in_gone)
		type_end_of_file();
	in_gone = true;
	src_close(&in);
	ring_free(&in_ring);
	give_credit();
}

/* Writes what is queued; what the program will never read is swallowed. */
static void pump_input(void)
{
	if (!started || in_gone)
		return;
	long n = ring_write(&in_ring, in.fd);
	if (n < 0) {
		in_pty = false; /* nobody is there to read an end of file */
		close_input();
		return;
	}
	give_credit();
	if (in_ring.len > 0)
		src_want(&in, EPOLLOUT);
	else if (in_ended)
		close_input();
	else
		src_want(&in, 0);
}

static void on_input(struct src *s, uint32_t events)
{
	(void)s;
	(void)events;
	pump_input();
}

bool program_feed(const uint8_t *data, size_t len)
{
	if (in_ended || len > STDIN_CREDIT - in_held)
		return false;
	in_held += len;
	if (len)
		in_last = data[len - 1];
	if (in_gone) {
		give_credit();
		return true;
	}
	if (!ring_put(&in_ring, STDIN_CREDIT, data, len))
		return false;
	pump_input();
	return true;
}

bool program_feed_end(void)
{
	if (in_ended)
		return false;
	in_ended = true;
	pump_input();
	return true;
}

/* Reads one piece. False when there is nothing more for now; the source is closed at its end. */
static bool pump_output(struct src *s, uint8_t type)
{
	if (s->fd < 0 || !out_room())
		return false;
	ssize_t n = read(s->fd, out_claim(), FRAME_MAX);
	if (n > 0) {
		out_commit(type, 0, (uint32_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		src_close(s); /* the end of a pipe; of a pty it is EIO */
	return n < 0 && errno == EINTR;
}

static void on_output(struct src *s, uint32_t events)
{
	(void)events;
	pump_output(s, s == &out ? 'o' : 'e');
	if (!out_room())
		src_want(s, 0);
}

void program_rearm(void)
{
	if (!started)
		return;
	src_want(&out, EPOLLIN);
	src_want(&err, EPOLLIN);
}

bool program_drain(void)
{
	while (pump_output(&out, 'o') || pump_output(&err, 'e'))
		;
	if ((out.fd >= 0 || err.fd >= 0) && !out_room())
		return false;
	/* Nobody lives who could write; whoever holds a pipe open without being in this box is not waited for. */
	src_close(&out);
	src_close(&err);
	return true;
}

void program_signal(int sig)
{
	if (started)
		kill(-child.pid, sig);
	else
		kept_signals |= 1u << sig;
}

void program_resize(uint16_t rows, uint16_t columns)
{
	kept_size = (struct winsize){.ws_row = rows, .ws_col = columns};
	if (started && in_pty && out.fd >= 0)
		ioctl(out.fd, TIOCSWINSZ, &kept_size);
}

static void on_status(struct src *s, uint32_t events)
{
	(void)s;
	(void)events;
	outcome_ready();
}

const char *program_fork(const struct job *job, void (*on_outcome)(void))
{
	outcome_ready = on_outcome;
	const char *why = child_start(job, &child);
	if (why)
		return why;
	in_pty = job->pty;
	fcntl(child.status, F_SETFL, O_NONBLOCK);
	src_open(&status, child.status, on_status);
	src_open(&in, child.in, on_input);
	src_open(&out, child.out, on_output);
	src_open(&err, child.err, on_output);
	src_want(&status, EPOLLIN);
	return NULL;
}

static void flow(void)
{
	started = true;
	if (kept_size.ws_row || kept_size.ws_col)
		program_resize(kept_size.ws_row, kept_size.ws_col);
	program_rearm();
	pump_input();
	for (int sig = 1; sig < 32; sig++)
		if (kept_signals & 1u << sig)
			program_signal(sig);
}

enum outcome program_outcome(const struct job *job, char *why, size_t why_len, uint8_t *code)
{
	struct child_failure f;
	if (started)
		return STARTED;
	ssize_t n = read(status.fd, &f, sizeof f);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return NOT_YET;
	src_close(&status);
	if (n == (ssize_t)sizeof f) {
		const char *about = f.step == child_step_exec ? job->argv[0] : job->dir ? job->dir : "";
		snprintf(why, why_len, "%s %s: %s", child_step[f.step], about, strerror(f.error));
		*code = f.step != child_step_exec ? 125 : f.error == ENOENT ? 127 : 126;
		return FAILED;
	}
	flow();
	return STARTED;
}
