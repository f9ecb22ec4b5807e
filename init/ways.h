/* The ways in and out of the box besides the standard streams: relays, allowed hosts, DNS. */
#ifndef WAYS_H
#define WAYS_H

struct job;

/* Opens all that the job wants. NULL, or why it cannot be had (in static memory). */
const char *ways_open(const struct job *job);

/* There is room for output again. */
void ways_rearm(void);

/* Milliseconds until ways_tick wants to be called, -1: not at all. */
int ways_patience(void);
void ways_tick(void);

#endif
