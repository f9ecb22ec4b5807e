/* The running program: its standard streams, its signals, its terminal. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct job;

#define STDIN_CREDIT (1024u * 1024)

/* Forks the program. NULL, or why not. What becomes of execve is told by program_outcome. */
const char *program_fork(const struct job *job, void (*on_outcome)(void));

enum outcome { STARTED, NOT_YET, FAILED };

/* How execve went. FAILED: why and exit code are set. After STARTED the streams flow. */
enum outcome program_outcome(const struct job *job, char *why, size_t why_len, uint8_t *code);

pid_t program_pid(void); /* 0 before the fork */

/* Data for standard input; kept until the program reads it. False: more than the credit allows. */
bool program_feed(const uint8_t *data, size_t len);

/* Standard input ends. False: it had ended before. */
bool program_feed_end(void);

/* To the program's process group; before the start it is kept. */
void program_signal(int sig);

void program_resize(uint16_t rows, uint16_t columns);

/* Everybody is dead: passes on what is left in the pipes. True when nothing is left. */
bool program_drain(void);

/* There is room for output again. */
void program_rearm(void);

#endif
