#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ending.h"
#include "frame.h"
#include "intake.h"
#include "job.h"
#include "loop.h"
#include "out.h"
#include "program.h"
#include "reap.h"
#include "stats.h"
#include "stream.h"
#include "ways.h"
#include "wire.h"

#define VERSION 1

static struct job job;
static struct src leash = {.fd = -1}, signals = {.fd = -1};
static uint8_t in_buf[2 * (FRAME_MAX + FRAME_HEADER)];
static size_t in_len;

/* How execve went: tells the client, once. */
static void on_outcome(void)
{
	char why[512];
	uint8_t code, pid[4];
	if (phase() != STARTING)
		return;
	switch (program_outcome(&job, why, sizeof why, &code)) {
	case FAILED:
		ending_refuse(why, code);
		break;
	case STARTED:
		ending_running();
		put32(pid, (uint32_t)program_pid());
		out_frame('g', 0, pid, sizeof pid);
		break;
	case NOT_YET:
		break;
	}
}

static void on_dead(int pid, int status)
{
	if (pid != program_pid())
		return;
	on_outcome(); /* a program may be over before its start was noticed */
	ending_dead(status);
}

static void go(void)
{
	char other[32];
	const char *why = intake_finish(&job);
	if (!why && job.only_loopback && other_interface_up(other, sizeof other))
		why = "the box has a network interface besides lo";
	if (!why)
		why = ways_open(&job);
	if (!why)
		why = program_fork(&job, on_outcome);
	if (why)
		ending_refuse(why, 125);
	else
		ending_start(job.deadline_ms, job.grace_ms, job.heartbeat_ms);
}

/* Frames that make the job: only before the start. */
static const char *before_start(const struct frame *f)
{
	if (phase() != WAITING)
		return "a frame that belongs before the start came after it";
	switch (f->type) {
	case 'J':
		return intake_job(f->payload, f->len);
	case 'F':
		return intake_archive(f->payload, f->len);
	case 'f':
		return intake_archive_end();
	default:
		go();
		return NULL;
	}
}

static const char *send_signal(int sig)
{
	if (sig < 1 || sig > 31)
		return "a signal that is not 1 to 31";
	ending_asked(sig);
	program_signal(sig);
	return NULL;
}

static const char *take(const struct frame *f)
{
	const uint8_t *p = f->payload;
	switch (f->type) {
	case 'D':
		return program_feed(p, f->len) ? NULL : "more standard input than the credit, or after its end";
	case 'E':
		return program_feed_end() ? NULL : "standard input ended twice";
	case 'S':
		return send_signal(p[0]);
	case 'W':
		program_resize(get16(p), get16(p + 2));
		return NULL;
	case 'T':
		ending_deadline(get64(p));
		return NULL;
	case 'H':
		return NULL;
	case 'O':
		return phase() == RUNNING || phase() == STARTING ? stream_dial(f->stream, get16(p))
								 : "a stream was opened before the start";
	case 'M':
		return stream_data(f->stream, p, f->len);
	case 'Q':
		return stream_end(f->stream);
	case 'R':
		return stream_reset(f->stream);
	case 'K':
		return stream_credit(f->stream, get32(p));
	default:
		return before_start(f);
	}
}

/* Takes the whole frames that are there. After the end of the program frames mean nothing any more. */
static void take_frames(void)
{
	size_t at = 0;
	while (phase() < REAPING) {
		struct frame f;
		const char *why;
		long n = frame_parse(in_buf + at, in_len - at, &f, &why);
		if (n == 0)
			break;
		if (n > 0)
			why = take(&f);
		if (why) {
			ending_refuse(why, 125);
			break;
		}
		ending_heard();
		at += (size_t)n;
	}
	if (phase() >= REAPING)
		at = in_len;
	in_len -= at;
	memmove(in_buf, in_buf + at, in_len);
}

static void on_leash(struct src *s, uint32_t events)
{
	(void)events;
	ssize_t n = read(s->fd, in_buf + in_len, sizeof in_buf - in_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		ending_leash();
	in_len += (size_t)n;
	take_frames();
}

/* SIGCHLD needs no more than the wake-up. SIGTERM counts only from outside the box: the sender has no
 * number here, and the kernel, not the sender, has filled that in. */
static void on_signal(struct src *s, uint32_t events)
{
	(void)events;
	struct signalfd_siginfo si;
	while (read(s->fd, &si, sizeof si) == (ssize_t)sizeof si)
		if (si.ssi_signo == SIGTERM && si.ssi_pid == 0 && si.ssi_code == SI_USER)
			ending_stop();
}

static int open_signals(void)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	sigaddset(&all, SIGTERM);
	src_open(&signals, signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK), on_signal);
	return src_want(&signals, EPOLLIN);
}

static int open_leash(void)
{
	for (int fd = 0; fd < 2; fd++) {
		int flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return -1;
	}
	src_open(&leash, 0, on_leash);
	return src_want(&leash, EPOLLIN) < 0 ? -1 : out_open(1);
}

static void say_ready(void)
{
	uint8_t p[10];
	put16(p, VERSION);
	put32(p + 2, STDIN_CREDIT);
	put32(p + 6, STREAM_WINDOW);
	out_frame('r', 0, p, sizeof p);
}

int box_run(int64_t wait_ms)
{
	if (loop_open() < 0 || open_signals() < 0 || open_leash() < 0)
		return -1;
	ending_open(wait_ms);
	say_ready();
	for (;;) {
		ending_advance(on_dead);
		out_flush();
		if (out_broken())
			ending_leash();
		if (out_reopened()) {
			program_rearm();
			stream_rearm();
			ways_rearm();
		}
		int patience = ending_patience(), ways = ways_patience();
		loop_turn(ways >= 0 && (patience < 0 || ways < patience) ? ways : patience);
		ways_tick();
	}
}
