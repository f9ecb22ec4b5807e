/* A deterministic fuzzer for the parsers that read what others wrote: frames with jobs, archives, DNS;
 * and for what an archive does to a real folder.
 *
 *   fuzz RUNS [SEED] [TARGET]      TARGET: frames, tar, dns, unpack; without it RUNS are shared among all
 *
 * Every run takes a valid input, changes it a few times, and feeds a copy in memory of exactly its size, so
 * that the address sanitizer sees each byte that is read beyond it. Same seed, same inputs. Besides not
 * crashing, each parser must keep what its header promises; a broken promise aborts. */
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../dns.h"
#include "../frame.h"
#include "../job.h"
#include "../tar.h"
#include "../unpack.h"
#include "../wire.h"

#define INPUT_MAX 65536

struct input {
	uint8_t bytes[INPUT_MAX];
	size_t len;
};

static uint64_t state;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? (uint32_t)((state >> 16) % below) : 0;
}

static void promise(int kept, const char *what)
{
	if (!kept) {
		fprintf(stderr, "broken promise: %s\n", what);
		abort();
	}
}

/* ---- mutations ---- */

static void insert(struct input *in, size_t at, const uint8_t *what, size_t n)
{
	if (in->len + n > INPUT_MAX)
		return;
	memmove(in->bytes + at + n, in->bytes + at, in->len - at);
	memcpy(in->bytes + at, what, n);
	in->len += n;
}

static void mutate(struct input *in)
{
	static const uint32_t numbers[] = {0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x10001, 0x7fffffff,
					   0x80000000, 0xffffffff, 0xfffffffb, 4u << 20};
	static const char *const words[] = {"..", "/", "../..", "\0", "%n", " ", "=", "00000000000", "77777777777"};
	uint8_t piece[64];
	size_t at = any((uint32_t)in->len + 1), n = 1 + any(32);
	switch (any(8)) {
	case 0:
		if (at < in->len)
			in->bytes[at] ^= (uint8_t)(1u << any(8));
		break;
	case 1:
		if (at < in->len)
			in->bytes[at] = (uint8_t)any(256);
		break;
	case 2:
		in->len = at;
		break;
	case 3:
		n = n > in->len - at ? in->len - at : n;
		memmove(in->bytes + at, in->bytes + at + n, in->len - at - n);
		in->len -= n;
		break;
	case 4:
		for (size_t i = 0; i < n; i++)
			piece[i] = (uint8_t)any(256);
		insert(in, at, piece, n);
		break;
	case 5:
		n = n > in->len - at ? in->len - at : n;
		memcpy(piece, in->bytes + at, n);
		insert(in, any((uint32_t)in->len + 1), piece, n);
		break;
	case 6:
		if (at + 4 <= in->len)
			put32(in->bytes + at, numbers[any(sizeof numbers / sizeof *numbers)]);
		break;
	default: {
		const char *w = words[any(sizeof words / sizeof *words)];
		n = strlen(w) + 1;
		if (at + n <= in->len)
			memcpy(in->bytes + at, w, n - any(2));
	}
	}
}

/* ---- frames and jobs ---- */

static void add_record(struct input *in, char tag, const void *value, size_t n)
{
	in->bytes[in->len] = (uint8_t)tag;
	put32(in->bytes + in->len + 1, (uint32_t)n);
	memcpy(in->bytes + in->len + 5, value, n);
	in->len += 5 + n;
}

static void add_text(struct input *in, char tag, const char *text) { add_record(in, tag, text, strlen(text)); }

static void valid_job(struct input *in)
{
	add_text(in, 'a', "python3");
	add_text(in, 'a', "");
	add_text(in, 'e', "PATH=/usr/bin:/bin");
	if (any(2))
		add_text(in, 'd', "/srv/work");
	if (any(2))
		add_text(in, 'o', "/srv/work");
	if (any(2))
		add_record(in, 'p', "\0\x18\0\x50", 4);
	if (any(2))
		add_record(in, 't', "\0\0\0\0\0\0\x27\x10", 8);
	add_record(in, 'g', "\0\0\0\x0a", 4);
	add_record(in, 'b', "\0\0\0\x0a", 4);
	add_text(in, 'l', "8080 /run/jitney/door");
	add_text(in, 's', "/run/a b/door 11434");
	add_text(in, 'h', "API.example.com. 443");
	add_text(in, 'h', "api.example.com 80");
	add_text(in, 'm', any(9) ? "Own.example.net." : "api.example.com");
	add_text(in, 'm', "own2.example.net");
	add_record(in, 'n', "\1", 1);
	add_record(in, 'u', "\1", 1);
}

static void check_job(const struct job *job)
{
	promise(job->argc > 0 && job->argv[job->argc] == NULL && job->env[job->envc] == NULL, "lists end");
	size_t all = 0;
	for (size_t i = 0; i < job->argc; i++)
		all += strlen(job->argv[i]);
	for (size_t i = 0; i < job->envc; i++)
		promise(strchr(job->env[i], '=') > job->env[i], "NAME=VALUE");
	for (size_t i = 0; i < job->outs; i++)
		promise(job->out[i].port > 0 && strlen(job->out[i].path) <= UNIX_PATH, "a relay out");
	for (size_t i = 0; i < job->ins; i++)
		promise(job->in[i].port > 0 && job->in[i].path[0] == '/', "a relay in");
	for (size_t i = 0; i < job->nhosts; i++)
		promise(job->hosts[i].port > 0 && job->hosts[i].address > 0 && job->hosts[i].name[0], "a host");
	for (size_t i = 0; i < job->nnames; i++) {
		promise(job->names[i][0] && memchr(job->names[i], 0, sizeof job->names[i]), "a name of its own");
		for (size_t k = 0; k < job->nhosts; k++)
			promise(strcmp(job->names[i], job->hosts[k].name) != 0, "a name leads to one place");
	}
	promise(all < INPUT_MAX, "argv lies in the job");
}

static void run_job(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len + !len);
	const uint8_t *root;
	size_t root_len;
	struct job job;
	char why[256] = "";
	memcpy(copy, bytes, len);
	if (job_find(copy, len, 'o', &root, &root_len))
		promise(root >= copy && root + root_len <= copy + len, "the root lies in the job");
	if (job_parse(copy, len, &job, why, sizeof why)) {
		check_job(&job);
		job_free(&job);
	} else {
		promise(strncmp(why, "bad job: ", 9) == 0 && strlen(why) < sizeof why, "a reason");
	}
	free(copy);
}

static void valid_frames(struct input *in)
{
	struct input job = {.len = 0};
	valid_job(&job);
	static const char plan[] = "JHSWTGDEOMQRKFf";
	for (size_t i = 0; i < sizeof plan - 1; i++) {
		char c = plan[any(3) ? i : any(sizeof plan - 1)];
		uint32_t n = c == 'J' ? (uint32_t)job.len : c == 'S' ? 1 : c == 'W' || c == 'K' ? 4 : c == 'T' ? 8 : 0;
		n = strchr("DMF", c) ? any(600) : c == 'O' ? 2 : n;
		frame_header(in->bytes + in->len, (uint8_t)c, strchr("OMQRK", c) ? (uint16_t)(1 + any(9)) : 0, n);
		memcpy(in->bytes + in->len + FRAME_HEADER, job.bytes, n);
		in->len += FRAME_HEADER + n;
	}
}

static void run_frames(const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		struct frame f;
		const char *why = NULL;
		long n = frame_parse(bytes + at, len - at, &f, &why);
		promise(n >= -1 && (n < 0) == (why != NULL), "a reason for a bad frame, and for that alone");
		if (n <= 0)
			break;
		promise(f.len <= FRAME_MAX && f.payload + f.len <= bytes + len, "the payload lies in the buffer");
		if (f.type == 'J')
			run_job(f.payload, f.len);
		at += (size_t)n;
	}
}

/* ---- archives ---- */

struct seen {
	uint64_t expected, got;
	int open;
};

static const char *saw_begin(void *ctx, const struct tar_entry *e)
{
	struct seen *s = ctx;
	promise(!s->open, "one file at a time");
	promise(strlen(e->name) < TAR_PATH && strlen(e->target) < TAR_PATH, "names are bounded");
	promise(e->mode <= 07777, "modes are bounded");
	promise((e->kind != TAR_SYMLINK && e->kind != TAR_HARDLINK) || e->target[0], "links have targets");
	s->expected = e->kind == TAR_FILE ? e->size : 0;
	s->got = 0;
	s->open = e->kind == TAR_FILE;
	return any(50) ? NULL : "refused";
}

static const char *saw_data(void *ctx, const uint8_t *data, size_t len)
{
	struct seen *s = ctx;
	promise(s->open && len > 0, "data belongs to a file");
	s->got += len;
	promise(s->got <= s->expected, "no more than the size");
	volatile uint8_t last = data[len - 1];
	(void)last;
	return NULL;
}

static const char *saw_end(void *ctx, const struct tar_entry *e)
{
	struct seen *s = ctx;
	(void)e;
	promise(s->open && s->got == s->expected, "the whole file");
	s->open = 0;
	return NULL;
}

/* A header with a right checksum, so that mutations reach what lies behind it. */
static void seal(uint8_t *b)
{
	unsigned sum = 0;
	char text[8];
	memset(b + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += b[i];
	snprintf(text, sizeof text, "%06o", sum & 0777777u);
	memcpy(b + 148, text, 7);
}

static void add_entry(struct input *in, char type, const char *name, const char *target, size_t size)
{
	uint8_t *b = in->bytes + in->len;
	char text[16];
	memset(b, 0, 512);
	strncpy((char *)b, name, 100);
	memcpy(b + 100, "0000644", 8);
	snprintf(text, sizeof text, "%011o", (unsigned)size);
	memcpy(b + 124, text, 12);
	memcpy(b + 136, "14412345670", 12);
	b[156] = (uint8_t)type;
	strncpy((char *)b + 157, target, 100);
	memcpy(b + 257, any(2) ? "ustar\00000" : "ustar  ", 8);
	if (any(4) == 0)
		strcpy((char *)b + 345, "some/prefix");
	seal(b);
	in->len += 512;
	size_t padded = (size + 511) / 512 * 512;
	memset(in->bytes + in->len, 0, padded);
	if (type == 'x' || type == 'g')
		memcpy(in->bytes + in->len, "16 path=long/er\n20 linkpath=else/wh\n11 size=12\n", size);
	else
		memset(in->bytes + in->len, 'n', size);
	in->len += padded;
}

static void valid_tar(struct input *in)
{
	static const char types[] = "0015275LKxg";
	static const char *const names[] = {"folder/file", "../up", "folder", "folder/", "folder/../../beside/x", "l"};
	static const char *const aims[] = {"folder", "../beside", "l", "../../beside"};
	for (uint32_t n = 1 + any(6); n > 0; n--) {
		char type = types[any(sizeof types - 1)];
		size_t size = strchr("xg", type) ? 47 : strchr("0LK7", type) ? any(1500) : 0;
		add_entry(in, type, names[any(6)], aims[any(4)], size);
	}
	memset(in->bytes + in->len, 0, 1024);
	in->len += 1024;
}

/* Makes half of the changed headers valid again. */
static void reseal(struct input *in)
{
	for (size_t at = 0; at + 512 <= in->len; at += 512)
		if (in->bytes[at + 257] == 'u' && any(2))
			seal(in->bytes + at);
}

static void run_tar(const uint8_t *bytes, size_t len)
{
	static const struct tar_sink sink = {.begin = saw_begin, .data = saw_data, .end = saw_end};
	struct seen seen = {0};
	struct tar *t = malloc(sizeof *t);
	const char *why = NULL;
	tar_open(t, &sink, &seen);
	for (size_t at = 0; at < len && !why;) {
		size_t n = 1 + any(any(2) ? 1500 : 40);
		n = n > len - at ? len - at : n;
		why = tar_feed(t, bytes + at, n);
		at += n;
	}
	if (!why && !tar_close(t))
		promise(!seen.open, "a whole archive has no open file");
	free(t);
}

/* ---- archives on a real file system ---- */

static char jail[] = "/tmp/jitney-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	return where->level == 0 ? 0 : remove(path);
}

/* Archives bring folders that their owner may not enter; root may all the same. */
static int open_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)where;
	return kind == FTW_D || kind == FTW_DNR ? chmod(path, 0700) && 0 : 0;
}

static void empty_jail(void)
{
	for (int depth = 0; depth < 16; depth++) {
		nftw(jail, open_one, 16, FTW_PHYS); /* opens one more level each time */
		if (nftw(jail, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0)
			return;
	}
}

static void leave_jail(void)
{
	empty_jail();
	rmdir(jail);
}

/* Beside the root stands a folder that links may aim at: nothing may ever arrive there. */
static void run_unpack(const uint8_t *bytes, size_t len)
{
	char root[64], beside[64];
	struct dirent *e;
	struct tar *t = malloc(sizeof *t);
	if (!strstr(jail, "XXXXXX"))
		empty_jail();
	else if (mkdtemp(jail))
		atexit(leave_jail);
	snprintf(root, sizeof root, "%s/root", jail);
	snprintf(beside, sizeof beside, "%s/beside", jail);
	promise(mkdir(root, 0700) == 0 && mkdir(beside, 0700) == 0, "an empty jail");
	promise(unpack_open(root) == NULL, "the root opens");
	unpack_attach(t);
	const char *why = tar_feed(t, bytes, len);
	if (why)
		promise(strlen(why) > 0, "a reason");
	unpack_close();
	free(t);
	int found = 0;
	DIR *d = opendir(jail);
	while ((e = readdir(d)))
		found++;
	closedir(d);
	promise(found == 4, "nothing beside the root");
	promise(rmdir(beside) == 0, "nothing in the folder beside the root");
}

/* ---- DNS ---- */

static void valid_dns(struct input *in)
{
	static const char *const names[] = {"\3api\7example\3com", "\11localhost", "\3box", "\4evil\4host", "", "\3OWN\7example\3net",
					    "\1a\1b\1c\1d\1e\1f\1g\1h\1i\1j\1k\1l"};
	static const uint8_t head[12] = {0x12, 0x34, 1, 0, 0, 1};
	static const uint8_t edns[11] = {0, 0, 41, 4, 0};
	const char *name = names[any(sizeof names / sizeof *names)];
	memcpy(in->bytes, head, 12);
	memcpy(in->bytes + 12, name, strlen(name) + 1);
	in->len = 12 + strlen(name) + 1;
	put16(in->bytes + in->len, any(3) ? 1 : (uint16_t)any(300));
	put16(in->bytes + in->len + 2, any(9) ? 1 : (uint16_t)any(300));
	in->len += 4;
	if (any(3) == 0)
		insert(in, in->len, edns, sizeof edns);
}

static void run_dns(const uint8_t *bytes, size_t len)
{
	static const struct job_host hosts[] = {{.name = "api.example.com", .port = 443, .address = 1}};
	static char names[][HOST_NAME + 1] = {"own.example.net"};
	const struct dns_zone zone = {.hosts = hosts, .nhosts = 1, .names = names, .nnames = 1, .own = "box"};
	uint8_t *out = malloc(DNS_ANSWER);
	char *refused = malloc(DNS_NAME);
	size_t n = dns_answer(&zone, bytes, len, out, refused);
	promise(n <= DNS_ANSWER && (n == 0 || n >= 12), "the size of an answer");
	promise(n == 0 || (memcmp(out, bytes, 2) == 0 && out[2] & 0x80), "an answer to this question");
	promise(strlen(refused) < DNS_NAME, "a bounded name");
	for (const char *p = refused; *p; p++)
		promise(*p > ' ' && *p < 127, "a printable name");
	promise(!*refused || (n >= 12 && (out[3] & 15) == 3), "a refused name does not exist");
	free(refused);
	free(out);
}

/* ---- driver ---- */

static const struct {
	const char *name;
	void (*valid)(struct input *);
	void (*run)(const uint8_t *, size_t);
} targets[] = {{"frames", valid_frames, run_frames}, {"tar", valid_tar, run_tar}, {"dns", valid_dns, run_dns},
	     {"unpack", valid_tar, run_unpack}};

static void once(size_t target)
{
	static struct input in;
	in.len = 0;
	targets[target].valid(&in);
	for (uint32_t n = any(6); n > 0; n--)
		mutate(&in);
	if (targets[target].valid == valid_tar)
		reseal(&in);
	uint8_t *exact = malloc(in.len + !in.len);
	memcpy(exact, in.bytes, in.len);
	targets[target].run(exact, in.len);
	free(exact);
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 20240521;
	state = state * 2654435761u + 1;
	size_t count = sizeof targets / sizeof *targets;
	unsigned long done[4] = {0};
	for (unsigned long i = 0; i < runs; i++) {
		size_t target = i % count;
		if (argc > 3)
			for (target = 0; target < count - 1 && strcmp(targets[target].name, argv[3]) != 0;)
				target++;
		once(target);
		done[target]++;
	}
	printf("%lu mutated inputs (frames %lu, tar %lu, dns %lu, unpack %lu), no finding\n", runs, done[0],
	       done[1], done[2], done[3]);
	return 0;
}
