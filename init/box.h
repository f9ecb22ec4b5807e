/* The box: frames in, one job, one program, frames out. Ties everything together in one loop.
 *
 *   WAITING ──G──► STARTING ──execve──► RUNNING ──► REAPING ──► DRAINING ──► LAST ──► exit
 *                       └────────── the program, a deadline, a signal, a refusal ──┘
 */
#ifndef BOX_H
#define BOX_H

#include <stdint.h>

/* Runs the box on standard input and output; wait_ms: how long for a job, 0: for ever. Ends the process;
 * comes back, with errno, only when it cannot begin. */
int box_run(int64_t wait_ms);

#endif
