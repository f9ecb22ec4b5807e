/* What the kernel can tell about the end of a program: memory, processes, full file systems, network. */
#ifndef STATS_H
#define STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counters {
	uint64_t oom_kills; /* of the own cgroup: v1 memory.oom_control, v2 memory.events; 0 where neither is */
	uint64_t refused;   /* processes that pids.max refused */
};

void counters_read(struct counters *c);

/* Is a tmpfs that this user may write to full, in blocks or in files? */
bool tmpfs_is_full(void);

/* Is any network interface up besides lo? Copies its name. An interface that is down (tunl0, sit0: some
 * kernels put them into every namespace) leads nowhere, and nobody in the box may bring it up. */
bool other_interface_up(char *name, size_t len);

#endif
