/* The filter under which every program runs (docs/protocol.md §7): it closes the ways in which a process of
 * the same user could starve, trace or imitate PID 1, and the sockets that leave a "no network" box. */
#ifndef SECCOMP_H
#define SECCOMP_H

/* Installs the filter for the calling process and all it will ever start. no_new_privs must be set.
 * Returns 0, or -1 with errno. */
int seccomp_install(void);

#endif
