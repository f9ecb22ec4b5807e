#include "stats.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Calls fn for every line of a small file of the kernel's; lines over 4 KiB come in pieces. */
static bool each_line(const char *path, void (*fn)(char *line, void *ctx), void *ctx)
{
	char buf[4096];
	size_t have = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	for (;;) {
		ssize_t n = read(fd, buf + have, sizeof buf - 1 - have);
		have += n > 0 ? (size_t)n : 0;
		buf[have] = 0;
		if (have == 0)
			break;
		size_t line = strcspn(buf, "\n");
		buf[line] = 0;
		fn(buf, ctx);
		line += line < have;
		have -= line;
		memmove(buf, buf + line, have);
	}
	close(fd);
	return true;
}

struct field {
	const char *key;
	uint64_t value;
};

static void take_field(char *line, void *ctx)
{
	struct field *f = ctx;
	size_t n = strlen(f->key);
	if (strncmp(line, f->key, n) == 0 && line[n] == ' ')
		f->value = strtoull(line + n + 1, NULL, 10);
}

struct cgroup {
	const char *controller; /* "" is v2 */
	char path[512];
};

/* A line of /proc/self/cgroup: `4:memory:/path`, or `0::/path` for v2. */
static void take_cgroup(char *line, void *ctx)
{
	struct cgroup *g = ctx;
	char *names = strchr(line, ':');
	char *path = names ? strchr(++names, ':') : NULL;
	if (!path)
		return;
	*path++ = 0;
	if (strcmp(names, g->controller) == 0)
		snprintf(g->path, sizeof g->path, "%s", path);
}

/* Reads `key value` from a file of the own cgroup. In a container the own cgroup is mostly mounted as the
 * top one, whatever /proc/self/cgroup says; elsewhere the path counts. So: the path first, then the top. */
static bool read_cgroup(const char *controller, const char *file, const char *key, uint64_t *value)
{
	struct cgroup g = {.controller = controller};
	struct field f = {.key = key};
	char path[1024];
	each_line("/proc/self/cgroup", take_cgroup, &g);
	const char *slash = *controller ? "/" : "";
	snprintf(path, sizeof path, "/sys/fs/cgroup%s%s%s/%s", slash, controller, g.path, file);
	bool there = each_line(path, take_field, &f);
	if (!there) {
		snprintf(path, sizeof path, "/sys/fs/cgroup%s%s/%s", slash, controller, file);
		there = each_line(path, take_field, &f);
	}
	*value = f.value;
	return there;
}

void counters_read(struct counters *c)
{
	if (!read_cgroup("", "memory.events", "oom_kill", &c->oom_kills))
		read_cgroup("memory", "memory.oom_control", "oom_kill", &c->oom_kills);
	if (!read_cgroup("", "pids.events", "max", &c->refused))
		read_cgroup("pids", "pids.events", "max", &c->refused);
}

/* A line of /proc/self/mountinfo: id parent dev root POINT options [tags] - TYPE source super-options. */
static void take_mount(char *line, void *ctx)
{
	bool *full = ctx;
	struct statvfs s;
	const char *type = strstr(line, " - ");
	if (!type || strncmp(type, " - tmpfs ", 9) != 0)
		return;
	char *point = line;
	for (int i = 0; i < 4 && point; i++)
		point = strchr(point + 1, ' ');
	if (!point)
		return;
	point++;
	point[strcspn(point, " ")] = 0;
	if (statvfs(point, &s) < 0)
		return;
	if ((s.f_flag & ST_RDONLY) || s.f_blocks == 0 || access(point, W_OK) < 0)
		return;
	*full |= s.f_bavail == 0 || (s.f_files > 0 && s.f_ffree == 0);
}

bool tmpfs_is_full(void)
{
	bool full = false;
	each_line("/proc/self/mountinfo", take_mount, &full);
	return full;
}

struct others {
	int socket;
	char *name;
	size_t len;
	bool found;
};

/* A line of /proc/net/dev: `  name: numbers`. */
static void take_interface(char *line, void *ctx)
{
	struct others *o = ctx;
	struct ifreq r = {0};
	line += strspn(line, " ");
	size_t n = strcspn(line, ":");
	if (line[n] != ':' || n >= IFNAMSIZ || o->found)
		return;
	memcpy(r.ifr_name, line, n);
	if (strcmp(r.ifr_name, "lo") == 0 || ioctl(o->socket, SIOCGIFFLAGS, &r) < 0)
		return;
	if (r.ifr_flags & IFF_UP) {
		o->found = true;
		snprintf(o->name, o->len, "%s", r.ifr_name);
	}
}

bool other_interface_up(char *name, size_t len)
{
	struct others o = {.name = name, .len = len};
	o.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (o.socket < 0 || !each_line("/proc/self/net/dev", take_interface, &o)) {
		snprintf(name, len, "(cannot tell)");
		o.found = true; /* what cannot be checked is not taken for safe */
	}
	if (o.socket >= 0)
		close(o.socket);
	return o.found;
}
