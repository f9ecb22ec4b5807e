#include "reap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void reap_open(void)
{
	if (getpid() != 1)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Kills the direct children. A child stays ours until it is reaped, so no number can be somebody else's. */
static void kill_children(void)
{
	char path[64], buf[4096];
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, buf, sizeof buf - 1);
	close(fd);
	buf[n > 0 ? n : 0] = 0;
	char *next = buf;
	for (char *p = buf; *p; p = next) {
		long pid = strtol(p, &next, 10);
		if (next == p || *next != ' ')
			break; /* the end, or a number that the buffer cut off */
		if (pid > 1)
			kill((pid_t)pid, SIGKILL);
	}
}

void reap_kill(void)
{
	if (getpid() == 1)
		kill(-1, SIGKILL);
	else
		kill_children();
}

bool reap_dead(void (*on_dead)(pid_t, int))
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		on_dead(pid, status);
	return pid < 0;
}
