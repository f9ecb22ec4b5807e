/* PID 1 of every sandbox. What it does is written down in docs/protocol.md. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "box.h"
#include "child.h"

#define JITNEY_FAILED 125
#define DEFAULT_WAIT_MS 30000

/* What cannot be said in a frame. */
static int complain(const char *what, const char *why)
{
	dprintf(2, "jitney init: %s: %s\n", what, why);
	return JITNEY_FAILED;
}

int main(int argc, char **argv)
{
	int64_t wait_ms = DEFAULT_WAIT_MS;
	/* First of all: nobody of the same user may look into this process or trace it. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return complain("cannot protect itself", strerror(errno));
	syscall(SYS_close_range, 3u, ~0u, 0u);
	if (argc == 3 && strcmp(argv[1], "--wait") == 0) {
		char *end;
		errno = 0;
		wait_ms = strtoll(argv[2], &end, 10);
		if (errno || *end || end == argv[2] || wait_ms < 0 || wait_ms > INT64_MAX / 4)
			return complain("--wait", "not a number of milliseconds");
	} else if (argc != 1) {
		return complain("usage", "init [--wait MS]");
	}
	child_remember();
	box_run(wait_ms);
	return complain("standard input and output must be pipes or sockets", strerror(errno));
}
