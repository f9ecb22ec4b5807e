/* Killing and reaping everybody in the box, and nobody else. */
#ifndef REAP_H
#define REAP_H

#include <stdbool.h>
#include <sys/types.h>

/* PID 1 of its namespace owns every process in it. Anything else (a test on a bare host) adopts its
 * descendants and touches only these. */
void reap_open(void);

/* SIGKILL to everybody but init. As PID 1 that is kill(-1); elsewhere it is init's own children, and what
 * they leave behind becomes a child for the next call. */
void reap_kill(void);

/* Reaps who is dead. Calls on_dead for each. True when there are no children left at all. */
bool reap_dead(void (*on_dead)(pid_t pid, int status));

#endif
