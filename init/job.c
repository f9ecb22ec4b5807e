#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define RECORD 5u

struct record {
	uint8_t tag;
	uint8_t *value;
	size_t len;
};

/* The next record, or NULL-sized progress: returns bytes taken, 0 when the record is not whole. */
static size_t record_at(const uint8_t *buf, size_t len, size_t *value_len)
{
	if (len < RECORD)
		return 0;
	*value_len = get32(buf + 1);
	return len - RECORD < *value_len ? 0 : RECORD + *value_len;
}

bool job_find(const uint8_t *buf, size_t len, uint8_t tag, const uint8_t **value, size_t *value_len)
{
	size_t taken;
	for (; (taken = record_at(buf, len, value_len)) > 0; buf += taken, len -= taken) {
		if (buf[0] == tag) {
			*value = buf + RECORD;
			return true;
		}
	}
	return false;
}

/* Ends the value with NUL by moving it one byte down, onto its own length. NULL when it holds a NUL. */
static char *as_string(struct record *r)
{
	if (memchr(r->value, 0, r->len))
		return NULL;
	memmove(r->value - 1, r->value, r->len);
	r->value[-1 + (ptrdiff_t)r->len] = 0;
	return (char *)r->value - 1;
}

/* 1 … 65535 in decimal without sign, space or leading zero. 0: not a port. */
static uint16_t as_port(const char *s)
{
	uint32_t n = 0;
	if (*s == '0')
		return 0;
	for (; *s >= '0' && *s <= '9' && n < 65536; s++)
		n = n * 10 + (uint32_t)(*s - '0');
	return *s == 0 && n < 65536 ? (uint16_t)n : 0;
}

static const char *add_relay(struct job_relay *list, size_t *count, uint16_t port, const char *path)
{
	if (port == 0)
		return "a relay has no valid port";
	if (path[0] != '/')
		return "the path of a relay is not absolute";
	if (strlen(path) > UNIX_PATH)
		return "the path of a relay is longer than 107 bytes";
	if (*count == JOB_RELAYS)
		return "more than 64 relays";
	list[(*count)++] = (struct job_relay){.port = port, .path = path};
	return NULL;
}

static const char *take_out(struct job *job, char *text)
{
	char *space = strchr(text, ' ');
	if (!space)
		return "a relay is not `port path`";
	*space = 0;
	return add_relay(job->out, &job->outs, as_port(text), space + 1);
}

static const char *take_in(struct job *job, char *text)
{
	char *space = strrchr(text, ' ');
	if (!space)
		return "a relay is not `path port`";
	*space = 0;
	return add_relay(job->in, &job->ins, as_port(space + 1), text);
}

/* Copies a host name in lower case without its trailing dot; false when it cannot be one. */
static bool host_name(char *to, const char *from)
{
	size_t n = strlen(from);
	if (n > 0 && from[n - 1] == '.')
		n--;
	if (n == 0 || n > HOST_NAME)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = from[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
			return false;
		to[i] = c;
	}
	to[n] = 0;
	return true;
}

static const char *take_host(struct job *job, char *text)
{
	char *space = strchr(text, ' ');
	if (!space)
		return "an allowed host is not `name port`";
	*space = 0;
	if (!job->hosts && !(job->hosts = calloc(JOB_HOSTS, sizeof *job->hosts)))
		return "out of memory";
	if (job->nhosts == JOB_HOSTS)
		return "more than 250 allowed hosts";
	struct job_host *h = &job->hosts[job->nhosts];
	h->port = as_port(space + 1);
	if (h->port == 0)
		return "an allowed host has no valid port";
	if (!host_name(h->name, text))
		return "an allowed host is not a host name";
	uint8_t highest = 0;
	h->address = 0;
	for (size_t i = 0; i < job->nhosts; i++) {
		if (job->hosts[i].address > highest)
			highest = job->hosts[i].address;
		if (strcmp(job->hosts[i].name, h->name) == 0)
			h->address = job->hosts[i].address;
	}
	if (h->address == 0)
		h->address = (uint8_t)(highest + 1);
	job->nhosts++;
	return NULL;
}

/* A name that leads to the box itself: its ports are those of the relays. */
static const char *take_name(struct job *job, const char *text)
{
	if (!job->names && !(job->names = calloc(JOB_NAMES, sizeof *job->names)))
		return "out of memory";
	if (job->nnames == JOB_NAMES)
		return "more than 64 names of its own";
	if (!host_name(job->names[job->nnames], text))
		return "a name of its own is not a host name";
	job->nnames++;
	return NULL;
}

/* A name leads to one place. */
static const char *check_names(const struct job *job)
{
	for (size_t i = 0; i < job->nnames; i++)
		for (size_t k = 0; k < job->nhosts; k++)
			if (strcmp(job->names[i], job->hosts[k].name) == 0)
				return "a name is both its own and an allowed host's";
	return NULL;
}

static const char *take_text(struct job *job, struct record *r)
{
	char *text = as_string(r);
	if (!text)
		return "a record holds a NUL byte";
	switch (r->tag) {
	case 'a':
		job->argv[job->argc++] = text;
		return NULL;
	case 'e':
		if (text[0] == '=' || !strchr(text, '='))
			return "an environment record is not NAME=VALUE";
		job->env[job->envc++] = text;
		return NULL;
	case 'd':
		job->dir = text;
		return text[0] ? NULL : "the working directory is empty";
	case 'o':
		job->root = text;
		return text[0] ? NULL : "the root of the archives is empty";
	case 'l':
		return take_out(job, text);
	case 's':
		return take_in(job, text);
	case 'm':
		return take_name(job, text);
	default:
		return take_host(job, text);
	}
}

static const char *take_number(struct job *job, const struct record *r)
{
	static const struct {
		uint8_t tag;
		size_t len;
	} sizes[] = {{'p', 4}, {'t', 8}, {'g', 4}, {'b', 4}, {'n', 1}, {'u', 1}};
	size_t i = 0;
	while (i < sizeof sizes / sizeof *sizes && sizes[i].tag != r->tag)
		i++;
	if (i == sizeof sizes / sizeof *sizes)
		return "a record of an unknown tag";
	if (sizes[i].len != r->len)
		return "a record has the wrong length for its tag";
	if (r->len == 1 && r->value[0] != 1)
		return "a flag record is not 1";
	switch (r->tag) {
	case 'p':
		job->pty = true;
		job->rows = get16(r->value);
		job->columns = get16(r->value + 2);
		break;
	case 't':
		job->deadline_ms = get64(r->value);
		break;
	case 'g':
		job->grace_ms = get32(r->value);
		break;
	case 'b':
		job->heartbeat_ms = get32(r->value);
		break;
	case 'n':
		job->dns = true;
		break;
	default:
		job->only_loopback = true;
	}
	return NULL;
}

/* Walks over all records, calling take for each; checks framing and repetition. */
static const char *walk(uint8_t *buf, size_t len, struct job *job, size_t *args, size_t *envs)
{
	bool seen[256] = {0};
	size_t taken, value_len;
	for (; len > 0; buf += taken, len -= taken) {
		taken = record_at(buf, len, &value_len);
		if (taken == 0)
			return "the last record is cut off";
		struct record r = {.tag = buf[0], .value = buf + RECORD, .len = value_len};
		if (!job) {
			*args += r.tag == 'a';
			*envs += r.tag == 'e';
			continue;
		}
		if (seen[r.tag] && !strchr("aelshm", r.tag))
			return "a record is there twice";
		seen[r.tag] = true;
		const char *why =
		    r.tag && strchr("aedolshm", r.tag) ? take_text(job, &r) : take_number(job, &r);
		if (why)
			return why;
	}
	return NULL;
}

bool job_parse(uint8_t *buf, size_t len, struct job *job, char *why, size_t why_len)
{
	size_t args = 0, envs = 0;
	*job = (struct job){0};
	const char *wrong = walk(buf, len, NULL, &args, &envs);
	if (!wrong) {
		job->argv = calloc(args + 1, sizeof *job->argv);
		job->env = calloc(envs + 1, sizeof *job->env);
		wrong = job->argv && job->env ? walk(buf, len, job, NULL, NULL) : "out of memory";
	}
	if (!wrong && (job->argc == 0 || job->argv[0][0] == 0))
		wrong = "it names no program";
	if (!wrong)
		wrong = check_names(job);
	if (!wrong)
		return true;
	snprintf(why, why_len, "bad job: %s", wrong);
	job_free(job);
	return false;
}

void job_free(struct job *job)
{
	free(job->argv);
	free(job->env);
	free(job->hosts);
	free(job->names);
	*job = (struct job){0};
}
