/* Starts the program: its own session, its own pipes or pty, nothing of init's. */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

struct job;

struct child {
	pid_t pid;
	int in, out, err; /* init's ends, non-blocking, close-on-exec; with a pty err is -1 */
	int status;       /* readable: end of file when execve is past, else a struct child_failure */
};

struct child_failure {
	int step; /* index into child_step */
	int error;
};

/* What the child was doing when it failed, for the message. */
extern const char *const child_step[];

/* Which of the steps is execve itself (exit code 126 or 127, not 125). */
extern const int child_step_exec;

/* Remembers how init was started, to give it on unchanged. Call before anything is changed. */
void child_remember(void);

/* Forks. Returns NULL, or what could not be had, with errno. The caller watches status. */
const char *child_start(const struct job *job, struct child *c);

#endif
