#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "job.h"
#include "seccomp.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { STEP_SESSION, STEP_TTY, STEP_PIPES, STEP_LIMIT, STEP_DIR, STEP_FILTER, STEP_EXEC };

const char *const child_step[] = {
	"cannot start a session", "cannot take the terminal",      "cannot connect the pipes",
	"cannot set the limits",  "cannot enter the folder", "cannot install the system call filter",
	"cannot execute",
};
const int child_step_exec = STEP_EXEC;

static struct rlimit files;
static mode_t mask;

void child_remember(void)
{
	getrlimit(RLIMIT_NOFILE, &files);
	struct rlimit all = {.rlim_cur = files.rlim_max, .rlim_max = files.rlim_max};
	setrlimit(RLIMIT_NOFILE, &all); /* relays take two descriptors a connection */
	mask = umask(0);
}

static _Noreturn void fail(int status, int step)
{
	struct child_failure f = {.step = step, .error = errno};
	ssize_t n = write(status, &f, sizeof f);
	(void)n;
	_exit(127);
}

/* When memory runs out the program goes before init. Needs a moment in which /proc/self is ours; nothing
 * but init and this child runs then. Not vital: no error. */
static void prefer_for_oom(void)
{
	prctl(PR_SET_DUMPABLE, 1);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = write(fd, "500", 3);
		(void)n;
		close(fd);
	}
	prctl(PR_SET_DUMPABLE, 0);
}

/* By the system calls themselves: a C library keeps some signals (musl: 32 to 34) for itself and would leave
 * them as whoever started the box had them. */
static void reset_signals(void)
{
	const unsigned long none = 0, by_default[4] = {0}; /* struct sigaction of the kernel, all zero: SIG_DFL */
	for (int i = 1; i <= 64; i++)
		syscall(SYS_rt_sigaction, i, by_default, NULL, sizeof none);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

static const char *path_of(const struct job *job)
{
	for (size_t i = 0; i < job->envc; i++)
		if (strncmp(job->env[i], "PATH=", 5) == 0)
			return job->env[i] + 5;
	return DEFAULT_PATH;
}

/* Comes back only when nothing could be executed, with the most telling errno. */
static void execute(const struct job *job)
{
	const char *name = job->argv[0];
	char file[4096];
	int telling = ENOENT;
	if (strchr(name, '/')) {
		execve(name, job->argv, job->env);
		return;
	}
	for (const char *p = path_of(job);; p++) {
		int n = (int)strcspn(p, ":");
		if (snprintf(file, sizeof file, "%.*s/%s", n ? n : 1, n ? p : ".", name) < (int)sizeof file) {
			execve(file, job->argv, job->env);
			if (errno != ENOENT && errno != ENOTDIR)
				telling = errno;
		}
		p += n;
		if (*p == 0)
			break;
	}
	errno = telling;
}

static _Noreturn void become(const struct job *job, const int fds[3], int status)
{
	if (setsid() < 0)
		fail(status, STEP_SESSION);
	if (job->pty && ioctl(fds[0], TIOCSCTTY, 0) < 0)
		fail(status, STEP_TTY);
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			fail(status, STEP_PIPES);
	/* status must outlive close_range: it becomes number 3. */
	if (status != 3 && dup3(status, 3, O_CLOEXEC) < 0)
		fail(status, STEP_PIPES);
	syscall(SYS_close_range, 4u, ~0u, 0u); /* where it is missing: everything is close-on-exec anyway */
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		fail(3, STEP_LIMIT);
	umask(mask);
	prefer_for_oom();
	if (job->dir && chdir(job->dir) < 0)
		fail(3, STEP_DIR);
	reset_signals();
	if (seccomp_install() < 0)
		fail(3, STEP_FILTER);
	execute(job);
	fail(3, STEP_EXEC);
}

static int open_pty(const struct job *job, struct child *c, int theirs[3])
{
	int zero = 0;
	struct winsize size = {.ws_row = job->rows, .ws_col = job->columns};
	c->out = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (c->out < 0 || ioctl(c->out, TIOCSPTLCK, &zero) < 0 || ioctl(c->out, TIOCSWINSZ, &size) < 0)
		return -1;
	theirs[0] = ioctl(c->out, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (theirs[0] < 0)
		return -1;
	theirs[1] = theirs[2] = theirs[0];
	c->err = -1;
	c->in = fcntl(c->out, F_DUPFD_CLOEXEC, 4);
	return c->in < 0 ? -1 : 0;
}

static int open_pipes(struct child *c, int theirs[3])
{
	int p[3][2];
	for (int i = 0; i < 3; i++)
		if (pipe2(p[i], O_CLOEXEC) < 0)
			return -1;
	theirs[0] = p[0][0];
	theirs[1] = p[1][1];
	theirs[2] = p[2][1];
	c->in = p[0][1];
	c->out = p[1][0];
	c->err = p[2][0];
	return 0;
}

static void non_blocking(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

const char *child_start(const struct job *job, struct child *c)
{
	int theirs[3], status[2];
	if (job->pty ? open_pty(job, c, theirs) : open_pipes(c, theirs))
		return job->pty ? "cannot open a pty" : "cannot open pipes";
	if (pipe2(status, O_CLOEXEC) < 0)
		return "cannot open pipes";
	c->pid = fork();
	if (c->pid < 0)
		return "cannot fork";
	if (c->pid == 0)
		become(job, theirs, status[1]);
	for (int i = 0; i < 3; i++)
		if (i == 0 || theirs[i] != theirs[0])
			close(theirs[i]);
	close(status[1]);
	c->status = status[0];
	non_blocking(c->in);
	non_blocking(c->out);
	non_blocking(c->err);
	return NULL;
}
