#include "ending.h"

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "out.h"
#include "program.h"
#include "reap.h"
#include "stats.h"
#include "stream.h"
#include "wire.h"

#define NEVER_MS 3000000000000ull /* a deadline beyond a century is none */
#define REAP_TICK_MS 5
#define KILLED 137

static enum phase now_in = WAITING;
static uint8_t cause, code, sig;
static uint32_t asked_signals;
static uint32_t grace_ms, heartbeat_ms;
static int64_t started_us, ended_us;
/* Milliseconds of the clock; 0: not set. */
static int64_t no_job_at, deadline_at, kill_at, silent_at, give_up_at;
static bool early; /* T came before the start and stands in for the job's deadline */
static uint64_t early_ms;
static struct counters before;

enum phase phase(void) { return now_in; }

static void give_up_after(int64_t ms)
{
	if (!give_up_at)
		give_up_at = now_ms() + ms;
}

/* The end of a process that is not PID 1 would leave its children: a bounded try to take them along. */
static _Noreturn void leave(int with)
{
	int64_t until = now_ms() + 1000;
	reap_kill();
	while (getpid() != 1 && waitpid(-1, NULL, WNOHANG) >= 0 && now_ms() < until) {
		reap_kill();
		usleep(1000);
	}
	_exit(with);
}

static uint64_t micros(struct timeval t) { return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec; }

static void say_last(void)
{
	uint8_t p[32] = {code, sig, cause};
	if (started_us) {
		struct rusage used;
		struct counters after;
		getrusage(RUSAGE_CHILDREN, &used);
		counters_read(&after);
		p[3] = (uint8_t)((after.oom_kills > before.oom_kills) | tmpfs_is_full() << 1 |
				 (after.refused > before.refused) << 2);
		put32(p + 4, (uint32_t)used.ru_maxrss);
		put64(p + 8, micros(used.ru_utime));
		put64(p + 16, micros(used.ru_stime));
		put64(p + 24, (uint64_t)((ended_us ? ended_us : now_us()) - started_us));
	}
	out_frame('x', 0, p, sizeof p);
	now_in = LAST;
}

/* Ends everything for this reason: with a grace the program is asked first. code_if_none is for a box in
 * which no program ever ran. */
static void end_for(uint8_t why, uint8_t code_if_none, uint32_t grace)
{
	if (now_in >= REAPING)
		return;
	if (!cause || why == '!')
		cause = why;
	if (program_pid() == 0) {
		code = code_if_none;
		say_last();
	} else if (grace == 0) {
		now_in = REAPING;
	} else if (!kill_at) {
		program_signal(SIGTERM);
		kill_at = now_ms() + grace;
	}
}

void ending_open(int64_t wait_ms)
{
	no_job_at = wait_ms ? now_ms() + wait_ms : 0;
	reap_open();
}

void ending_start(uint64_t deadline_ms, uint32_t grace, uint32_t heartbeat)
{
	now_in = STARTING;
	no_job_at = 0;
	started_us = now_us();
	grace_ms = grace;
	heartbeat_ms = heartbeat;
	counters_read(&before);
	ending_deadline(early ? early_ms : deadline_ms);
	ending_heard();
}

void ending_running(void)
{
	if (now_in == STARTING)
		now_in = RUNNING;
}

void ending_deadline(uint64_t ms)
{
	if (now_in == WAITING) {
		early = true;
		early_ms = ms;
	} else {
		/* The clock is cut to milliseconds: one more, so that nobody is ended early. */
		deadline_at = ms && ms < NEVER_MS ? now_ms() + (int64_t)ms + 1 : 0;
	}
}

void ending_heard(void)
{
	if (heartbeat_ms)
		silent_at = now_ms() + heartbeat_ms;
}

void ending_asked(int s) { asked_signals |= 1u << s; }

void ending_stop(void)
{
	give_up_after((int64_t)LATE_MS + grace_ms);
	end_for('c', 128 + SIGTERM, grace_ms);
}

void ending_refuse(const char *why, uint8_t with)
{
	uint8_t text[512];
	uint32_t n = 0;
	if (now_in >= REAPING)
		return;
	/* A path may hold anything; the frame holds text. */
	for (; why[n] && n < sizeof text; n++)
		text[n] = why[n] >= ' ' && why[n] < 127 ? (uint8_t)why[n] : '?';
	out_frame('!', 0, text, n);
	give_up_after(LATE_MS);
	code = with;
	end_for('!', with, 0);
}

void ending_dead(int status)
{
	ended_us = now_us();
	if (cause != '!') {
		sig = WIFSIGNALED(status) ? (uint8_t)WTERMSIG(status) : 0;
		code = (uint8_t)(sig ? 128 + sig : WEXITSTATUS(status));
	}
	if (!cause)
		cause = !sig ? 'e' : asked_signals & 1u << sig ? 'S' : 's';
	if (now_in < REAPING)
		now_in = REAPING;
}

static void run_clocks(int64_t now)
{
	if (give_up_at && now >= give_up_at && now_in >= REAPING)
		leave(now_in == REAPING && !ended_us ? KILLED : code);
	if (no_job_at && now >= no_job_at) {
		no_job_at = 0;
		give_up_after(LATE_MS);
		end_for('n', 125, 0);
	}
	if (kill_at && now >= kill_at) {
		kill_at = 0;
		end_for(cause, code, 0);
	}
	if (deadline_at && now >= deadline_at) {
		deadline_at = 0;
		give_up_after((int64_t)LATE_MS + grace_ms);
		end_for('t', KILLED, grace_ms);
	}
	if (silent_at && now >= silent_at) {
		silent_at = 0;
		give_up_at = now + HEARTBEAT_LATE_MS;
		end_for('h', KILLED, 0);
	}
}

void ending_advance(void (*on_dead)(int, int))
{
	reap_dead(on_dead);
	run_clocks(now_ms());
	if (now_in == REAPING) {
		reap_kill();
		if (reap_dead(on_dead))
			now_in = DRAINING;
	}
	if (now_in == DRAINING && program_drain() && stream_drain())
		say_last();
	if (now_in == LAST) {
		out_flush();
		if (out_pending() == 0)
			leave(code);
	}
}

int ending_patience(void)
{
	const int64_t clocks[] = {no_job_at, deadline_at, kill_at, silent_at, give_up_at};
	int64_t now = now_ms(), first = now_in == REAPING ? now + REAP_TICK_MS : INT64_MAX;
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
		if (clocks[i] && clocks[i] < first)
			first = clocks[i];
	if (first == INT64_MAX)
		return -1;
	first -= now;
	return first < 0 ? 0 : first > 60000 ? 60000 : (int)first;
}

_Noreturn void ending_leash(void) { leave(KILLED); }
