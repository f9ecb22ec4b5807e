/* How the box ends: cause, exit code, the last frame, and the clocks that bound all of it. */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>
#include <stdint.h>

enum phase { WAITING, STARTING, RUNNING, REAPING, DRAINING, LAST };

enum phase phase(void);

/* Bounds for a client that does not read, in milliseconds. */
#define LATE_MS 30000
#define HEARTBEAT_LATE_MS 200

/* The first thing: bounds the wait for a job (0: for ever). */
void ending_open(int64_t wait_ms);

/* The job is there; the program is forked. The clocks of the job begin. */
void ending_start(uint64_t deadline_ms, uint32_t grace_ms, uint32_t heartbeat_ms);

/* execve is past. */
void ending_running(void);

/* The client set a new deadline, from now on (before the start: from the start on). 0: none. */
void ending_deadline(uint64_t ms);

/* A whole frame came. */
void ending_heard(void);

/* The client asked for this signal. */
void ending_asked(int sig);

/* SIGTERM from outside the box. */
void ending_stop(void);

/* Says why in a `!` frame and ends with this exit code. */
void ending_refuse(const char *why, uint8_t code);

/* The main program was reaped. */
void ending_dead(int status);

/* Moves on: clocks, reaping, draining. Exits when all is said. */
void ending_advance(void (*on_dead)(int pid, int status));

/* Milliseconds until ending_advance wants to be called again, -1: whenever. */
int ending_patience(void);

/* The leash ended: everything dies, nothing is drained. */
_Noreturn void ending_leash(void);

#endif
