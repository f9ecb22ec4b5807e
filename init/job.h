/* The job (docs/protocol.md §4): a list of records, tag u8, length u32, bytes. Pure: no I/O. */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_MAX (4u * 1024 * 1024)
#define JOB_RELAYS 64
#define JOB_HOSTS 250 /* 127.77.0.1 … 127.77.0.250 */
#define JOB_NAMES 64
#define UNIX_PATH 107 /* what sockaddr_un holds, less its NUL */
#define HOST_NAME 253 /* the longest name in DNS */

struct job_relay {
	uint16_t port;
	const char *path;
};

struct job_host {
	char name[HOST_NAME + 1]; /* lower case, no trailing dot */
	uint16_t port;
	uint8_t address; /* n of 127.77.0.n; the same name has the same address */
};

struct job {
	char **argv, **env; /* NULL-terminated; they point into the buffer that was parsed */
	size_t argc, envc;
	const char *dir, *root;
	bool pty, only_loopback, dns;
	uint16_t rows, columns;
	uint64_t deadline_ms;
	uint32_t grace_ms, heartbeat_ms;
	struct job_relay out[JOB_RELAYS], in[JOB_RELAYS];
	size_t outs, ins;
	struct job_host *hosts;
	size_t nhosts;
	char (*names)[HOST_NAME + 1]; /* that lead to 127.0.0.1, where a relay listens */
	size_t nnames;
};

/* Parses the whole job. Strings are ended with NUL in place, so buf is changed and must outlive the job.
 * Returns false and a sentence in why when the job breaks the protocol; then nothing is left to free. */
bool job_parse(uint8_t *buf, size_t len, struct job *job, char *why, size_t why_len);

/* Finds the first whole record with this tag in a job that may still be cut off. Changes nothing. */
bool job_find(const uint8_t *buf, size_t len, uint8_t tag, const uint8_t **value, size_t *value_len);

void job_free(struct job *job);

#endif
