/* Answers to DNS questions (docs/protocol.md §8). Pure: bytes in, bytes out. */
#ifndef DNS_H
#define DNS_H

#include <stddef.h>
#include <stdint.h>

#include "job.h"

#define DNS_ANSWER 512u /* what an answer needs at most */
#define DNS_NAME 256u   /* a name as text, with its NUL */

struct dns_zone {
	const struct job_host *hosts; /* at their own loopback addresses */
	size_t nhosts;
	char (*names)[HOST_NAME + 1]; /* at 127.0.0.1 */
	size_t nnames;
	const char *own; /* the box's host name, "" when it has none */
};

/* Writes the answer to one query into out (DNS_ANSWER bytes) and returns its length; 0: say nothing.
 * refused gets the name that was asked for and is not allowed, else "". It is printable ASCII: any other
 * byte, and a dot within a label, stands there as '?'. */
size_t dns_answer(const struct dns_zone *zone, const uint8_t *query, size_t len, uint8_t *out, char *refused);

#endif
