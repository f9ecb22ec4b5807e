#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000u
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "no seccomp filter for this architecture"
#endif

/* pid_t and int arguments: the kernel looks at the low word only, so the filter must, too. Both
 * architectures are little-endian: the low word comes first. */
#define ARG(n) (uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t))

#define MAX 256
#define USER_PRIO 2u   /* PRIO_USER */
#define USER_IOPRIO 3u /* IOPRIO_WHO_USER */

/* System calls that must not name process 1, and the arguments in which they would. -1: no second one. */
static const struct {
	uint32_t nr;
	int first, second;
} spare_init[] = {
	{SYS_prlimit64, 0, -1},          {SYS_sched_setscheduler, 0, -1}, {SYS_sched_setparam, 0, -1},
	{SYS_sched_setattr, 0, -1},      {SYS_sched_setaffinity, 0, -1},  {SYS_kill, 0, -1},
	{SYS_tkill, 0, -1},              {SYS_tgkill, 0, 1},              {SYS_rt_sigqueueinfo, 0, -1},
	{SYS_rt_tgsigqueueinfo, 0, 1},   {SYS_pidfd_open, 0, -1},         {SYS_process_vm_readv, 0, -1},
	{SYS_process_vm_writev, 0, -1},  {SYS_migrate_pages, 0, -1},      {SYS_move_pages, 0, -1},
	{SYS_ptrace, 1, -1},             {SYS_setpriority, 1, -1},        {SYS_ioprio_set, 1, -1},
};

static struct sock_filter code[MAX];
static unsigned short used;

static void emit(uint16_t op, uint8_t yes, uint8_t no, uint32_t k)
{
	code[used++] = (struct sock_filter){.code = op, .jt = yes, .jf = no, .k = k};
}

static void load(uint32_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }

static void when_equal(uint32_t value, uint8_t yes, uint8_t no) { emit(BPF_JMP | BPF_JEQ | BPF_K, yes, no, value); }

static void answer(uint32_t with) { emit(BPF_RET | BPF_K, 0, 0, with); }

static void refuse(uint32_t error) { answer(SECCOMP_RET_ERRNO | error); }

static void only_native(void)
{
	load(offsetof(struct seccomp_data, arch));
	when_equal(ARCH, 1, 0);
	answer(SECCOMP_RET_KILL_PROCESS);
	load(offsetof(struct seccomp_data, nr));
#ifdef X32_BIT
	emit(BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
	refuse(EPERM);
#endif
}

/* Each rule starts with the number in the accumulator, and leaves it there when it does not apply. */
static void deny_value(uint32_t nr, int arg, uint32_t value)
{
	when_equal(nr, 0, 4);
	load(ARG((unsigned)arg));
	when_equal(value, 0, 1);
	refuse(EPERM);
	load(offsetof(struct seccomp_data, nr));
}

static void only_families(void)
{
	static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	when_equal(SYS_socket, 0, 7);
	load(ARG(0));
	for (uint8_t i = 0; i < 4; i++)
		when_equal(families[i], (uint8_t)(4 - i), 0);
	refuse(EAFNOSUPPORT);
	answer(SECCOMP_RET_ALLOW);
}

static void build(void)
{
	used = 0;
	only_native();
	for (size_t i = 0; i < sizeof spare_init / sizeof *spare_init; i++) {
		deny_value(spare_init[i].nr, spare_init[i].first, 1);
		if (spare_init[i].second >= 0)
			deny_value(spare_init[i].nr, spare_init[i].second, 1);
	}
	deny_value(SYS_setpriority, 0, USER_PRIO);
	deny_value(SYS_ioprio_set, 0, USER_IOPRIO);
	when_equal(SYS_io_uring_setup, 0, 1);
	refuse(ENOSYS);
	only_families();
	answer(SECCOMP_RET_ALLOW);
}

int seccomp_install(void)
{
	build();
	struct sock_fprog program = {.len = used, .filter = code};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
