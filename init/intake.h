/* What comes before the start: the pieces of the job, and archives. */
#ifndef INTAKE_H
#define INTAKE_H

#include <stddef.h>
#include <stdint.h>

struct job;

/* Each returns NULL, or why the box is refused (in static memory). */
const char *intake_job(const uint8_t *piece, size_t len);
const char *intake_archive(const uint8_t *piece, size_t len);
const char *intake_archive_end(void);

/* The job is whole. */
const char *intake_finish(struct job *job);

#endif
