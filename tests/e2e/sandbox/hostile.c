/* What a program could try against its sandbox. `hostile NAME` prints `NAME: refused ERRNO` or `NAME: done`, and exits 0:
 * the tests read the words. Programs that never end are ended by the sandbox. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *name, long result) {
    if (result < 0) printf("%s: refused %s\n", name, strerrorname_np(errno));
    else printf("%s: done\n", name);
    fflush(stdout);
}

static long connect_to(const char *address, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? fd : connect(fd, (struct sockaddr *)&to, sizeof to);
}

static void against_init(void) {
    struct rlimit three = {3, 3};
    struct sched_param idle = {0};
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
    say("ptrace", ptrace(PTRACE_SEIZE, 1, 0, 0));
    say("prlimit", prlimit(1, RLIMIT_NOFILE, &three, 0));
    say("scheduler", sched_setscheduler(1, SCHED_IDLE, &idle));
    say("affinity", sched_setaffinity(1, sizeof one, &one));
    say("priority", setpriority(PRIO_PROCESS, 1, 19));
    say("priority-user", setpriority(PRIO_USER, 65532, 19));
    say("vm-read", process_vm_readv(1, &here, 1, &there, 1, 0));
    say("vm-write", process_vm_writev(1, &here, 1, &there, 1, 0));
    say("pidfd", syscall(SYS_pidfd_open, 1, 0));
    say("kill", kill(1, SIGKILL));
    say("stop", kill(1, SIGSTOP));
    say("stdin", open("/proc/1/fd/0", O_RDONLY));
    say("stdout", open("/proc/1/fd/1", O_WRONLY));
    say("stderr", open("/proc/1/fd/2", O_WRONLY));
    say("maps", open("/proc/1/maps", O_RDONLY));
    say("oom", open("/proc/1/oom_score_adj", O_WRONLY));
    say("mem", open("/proc/1/mem", O_RDWR));
    say("environ", open("/proc/1/environ", O_RDONLY));
    say("io_uring", syscall(SYS_io_uring_setup, 4, &three));
    say("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    say("packet", socket(AF_PACKET, SOCK_RAW, 0));
}

static void ignore_all(void) {
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "";
    if (!strcmp(what, "init")) {
        against_init();
    } else if (!strcmp(what, "connect")) {
        for (int i = 2; i + 1 < count; i += 2) say(words[i], connect_to(words[i], atoi(words[i + 1])));
    } else if (!strcmp(what, "hog")) {
        for (;;) {
            char *some = malloc(4 << 20);
            if (some) memset(some, 1, 4 << 20);
        }
    } else if (!strcmp(what, "bomb")) {
        ignore_all();
        for (;;) fork();
    } else if (!strcmp(what, "zombies")) {
        for (int i = 0; i < 100; i++)
            if (fork() == 0) { if (fork() == 0) _exit(0); _exit(0); }
        say("zombies", 0);
    } else if (!strcmp(what, "deaf")) {
        ignore_all();
        say("deaf", 0);
        for (;;) ;
    } else if (!strcmp(what, "daemon")) {
        if (fork() == 0) {
            setsid();
            ignore_all();
            for (;;) pause();
        }
        say("daemon", 0);
    } else if (!strcmp(what, "starve")) {
        struct sched_param idle = {0};
        struct rlimit one = {1, 1};
        sched_setscheduler(1, SCHED_IDLE, &idle);
        prlimit(1, RLIMIT_CPU, &one, 0);
        cpu_set_t first;
        CPU_ZERO(&first);
        CPU_SET(0, &first);
        sched_setaffinity(1, sizeof first, &first);
        ignore_all();
        for (int i = 0; i < 200; i++) if (fork() == 0) for (;;) ;
        say("starve", 0);
        for (;;) ;
    } else if (!strcmp(what, "pipe")) {
        signal(SIGPIPE, SIG_IGN);
        for (;;) if (write(1, "y\n", 2) < 0) _exit(3);
    } else {
        fprintf(stderr, "hostile: no such attack\n");
        return 2;
    }
    return 0;
}
