#include "dns.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "job.h"
#include "wire.h"

#define HEADER 12u
#define TTL 60

enum { RESPONSE = 0x8000, AUTHORITATIVE = 0x0400, RECURSION_WANTED = 0x0100, RECURSION = 0x0080, OPCODE = 0x7800 };
enum { NOERROR = 0, FORMERR = 1, NXDOMAIN = 3, NOTIMP = 4 };
enum { TYPE_A = 1, TYPE_AAAA = 28, CLASS_IN = 1, CLASS_ANY = 255 };

/* Reads an uncompressed name as text. Returns the bytes it takes, 0 when it is malformed. A question has
 * nothing before it that it could point to, so compression is malformed, too. */
static size_t read_name(const uint8_t *p, size_t len, char *text)
{
	size_t at = 0, out = 0;
	while (at < len && p[at] != 0) {
		size_t label = p[at++];
		if (label > 63 || label >= len - at || out + label + 1 >= DNS_NAME)
			return 0;
		if (out)
			text[out++] = '.';
		for (size_t i = 0; i < label; i++, at++)
			text[out++] = p[at] > ' ' && p[at] < 127 && p[at] != '.' ? (char)p[at] : '?';
	}
	text[out] = 0;
	return at < len ? at + 1 : 0;
}

static size_t head(uint8_t *out, const uint8_t *query, uint16_t rcode, uint16_t questions)
{
	uint16_t asked = get16(query + 2);
	memset(out, 0, HEADER);
	memcpy(out, query, 2);
	put16(out + 2, (uint16_t)(RESPONSE | AUTHORITATIVE | RECURSION | (asked & (OPCODE | RECURSION_WANTED)) | rcode));
	put16(out + 4, questions);
	return HEADER;
}

/* One address as the only answer; its name is a pointer to the question. */
static size_t add_address(uint8_t *out, size_t at, uint16_t type, const uint8_t *address, uint16_t len)
{
	put16(out + 6, 1);
	put16(out + at, 0xc000 | HEADER);
	put16(out + at + 2, type);
	put16(out + at + 4, CLASS_IN);
	put32(out + at + 6, TTL);
	put16(out + at + 10, len);
	memcpy(out + at + 12, address, len);
	return at + 12 + len;
}

/* The loopback address of a name: false when it is not allowed. */
static bool find(const struct dns_zone *zone, const char *name, uint8_t v4[4], bool *is_localhost)
{
	const uint8_t self[4] = {127, 0, 0, 1};
	*is_localhost = strcasecmp(name, "localhost") == 0;
	memcpy(v4, self, 4);
	if (*is_localhost || (zone->own[0] && strcasecmp(name, zone->own) == 0))
		return true;
	for (size_t i = 0; i < zone->nnames; i++)
		if (strcasecmp(name, zone->names[i]) == 0)
			return true;
	for (size_t i = 0; i < zone->nhosts; i++) {
		if (strcasecmp(name, zone->hosts[i].name) == 0) {
			const uint8_t theirs[4] = {127, 77, 0, zone->hosts[i].address};
			memcpy(v4, theirs, 4);
			return true;
		}
	}
	return false;
}

/* Reverse look-ups are how servers greet their clients; nobody wants to go there, so nobody is told. */
static bool is_reverse(const char *name)
{
	size_t n = strlen(name);
	return n >= 5 && strcasecmp(name + n - 5, ".arpa") == 0;
}

size_t dns_answer(const struct dns_zone *zone, const uint8_t *query, size_t len, uint8_t *out, char *refused)
{
	char name[DNS_NAME];
	uint8_t v4[4];
	bool is_localhost;
	*refused = 0;
	if (len < 2 || (len >= 4 && get16(query + 2) & RESPONSE))
		return 0;
	if (len < HEADER) {
		uint8_t padded[HEADER] = {query[0], query[1]};
		return head(out, padded, FORMERR, 0);
	}
	if (get16(query + 2) & OPCODE)
		return head(out, query, NOTIMP, 0);
	size_t n = read_name(query + HEADER, len - HEADER, name);
	if (get16(query + 4) != 1 || n == 0 || len - HEADER - n < 4)
		return head(out, query, FORMERR, 0);
	const uint8_t *question = query + HEADER + n;
	uint16_t type = get16(question), class = get16(question + 2);
	bool allowed = find(zone, name, v4, &is_localhost);
	size_t at = head(out, query, allowed ? NOERROR : NXDOMAIN, 1);
	memcpy(out + at, query + HEADER, n + 4);
	at += n + 4;
	if (!allowed && !is_reverse(name))
		strcpy(refused, name);
	if (!allowed || (class != CLASS_IN && class != CLASS_ANY))
		return at;
	if (type == TYPE_A)
		return add_address(out, at, TYPE_A, v4, 4);
	if (type == TYPE_AAAA && is_localhost)
		return add_address(out, at, TYPE_AAAA, (const uint8_t[16]){[15] = 1}, 16);
	return at;
}
