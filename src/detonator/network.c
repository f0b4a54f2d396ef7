/*
 * detonator/network.c - every address is ours. Input: own.   Runs in: box.
 */
#include "detonator/network.h"

#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct message {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct rtmsg route;
	};
	char attributes[64];
};

static enum err ask(int fd, struct message *m, const char *what, struct diag *d)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[256];
	} answer;

	m->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, m, m->head.nlmsg_len, 0) < 0)
		return diag_set(d, ERR_SYS, "cannot ask for %s: %s", what, strerror(errno));
	ssize_t n = recv(fd, &answer, sizeof answer, 0);
	if (n < (ssize_t)(sizeof answer.head + sizeof answer.error) ||
	    answer.head.nlmsg_type != NLMSG_ERROR)
		return diag_set(d, ERR_SYS, "no answer about %s", what);
	if (answer.error.error != 0)
		return diag_set(d, ERR_SYS, "cannot get %s: %s", what,
				strerror(-answer.error.error));
	return OK;
}

static enum err link_up(int fd, unsigned lo, struct diag *d)
{
	struct message m = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof m.link),
				       .nlmsg_type = RTM_NEWLINK },
			     .link = { .ifi_family = AF_UNSPEC,
				       .ifi_index = (int)lo,
				       .ifi_flags = IFF_UP,
				       .ifi_change = IFF_UP } };

	return ask(fd, &m, "a loopback device", d);
}

/* RTN_LOCAL for 0.0.0.0/0 or ::/0 in the table of local addresses. */
static enum err all_local(int fd, unsigned lo, unsigned char family, struct diag *d)
{
	struct message m = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof m.route),
				       .nlmsg_type = RTM_NEWROUTE,
				       .nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE },
			     .route = { .rtm_family = family,
					.rtm_table = RT_TABLE_LOCAL,
					.rtm_protocol = RTPROT_BOOT,
					.rtm_scope = RT_SCOPE_HOST,
					.rtm_type = RTN_LOCAL } };
	struct rtattr device = { .rta_len = RTA_LENGTH(sizeof lo), .rta_type = RTA_OIF };

	char *at = (char *)&m + NLMSG_ALIGN(m.head.nlmsg_len);
	memcpy(at, &device, sizeof device);
	memcpy(at + RTA_LENGTH(0), &lo, sizeof lo);
	m.head.nlmsg_len = NLMSG_ALIGN(m.head.nlmsg_len) + device.rta_len;
	return ask(fd, &m, family == AF_INET ? "IPv4 addresses" : "IPv6 addresses", d);
}

static enum err any_port(struct diag *d)
{
	const char *path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
	AUTO(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || fs_write_all(fd, S("0")) != OK)
		return diag_set(d, ERR_SYS, "cannot open low ports in '%s': %s", path,
				strerror(errno));
	return OK;
}

enum err network_up(struct diag *d)
{
	AUTO(fd_closep) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	unsigned lo = if_nametoindex("lo");

	if (fd < 0 || lo == 0)
		return diag_set(d, ERR_SYS, "cannot reach the network namespace: %s",
				strerror(errno));
	TRY(link_up(fd, lo, d));
	TRY(all_local(fd, lo, AF_INET, d));
	struct diag without = { .err = OK };
	if (all_local(fd, lo, AF_INET6, &without) != OK && access("/proc/net/if_inet6", F_OK) == 0)
		return diag_set(d, without.err, "%s", without.text);
	return any_port(d);
}
