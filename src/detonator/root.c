/*
 * detonator/root.c - the file system of a box. Input: own.   Runs in: box.
 */
#include "detonator/root.h"

#include "detonator/honey.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MB = 1 << 20, HOME_ROOM_MB = 64 };

__asm__(".section .rodata.probes,\"a\"\n"
	".global probe_py, probe_py_end, probe_js, probe_js_end\n"
	"probe_py:\n.incbin \"src/detonator/probe/probe.py\"\nprobe_py_end:\n"
	"probe_js:\n.incbin \"src/detonator/probe/probe.js\"\nprobe_js_end:\n"
	".byte 0\n"
	".previous\n");
extern const char probe_py[], probe_py_end[], probe_js[], probe_js_end[];

static enum err failed(struct diag *d, const char *verb, const char *path)
{
	bool refused = errno == EPERM || errno == EACCES || errno == ENOSYS;

	/* Nothing of the target is looked at here: it is the system that does not allow this. */
	return diag_set(d, refused ? ERR_UNSUPPORTED : ERR_SYS,
			"this system does not let programs make a box: cannot %s '%s': %s", verb,
			path, strerror(errno));
}

/* ---- pieces ---- */

static enum err make_dir(const char *path, struct diag *d)
{
	char whole[PATH_MAX];

	(void)snprintf(whole, sizeof whole, "%s/", path);
	for (char *slash = strchr(whole + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(whole, 0755) != 0 && errno != EEXIST)
			return failed(d, "make", whole);
		*slash = '/';
	}
	return OK;
}

static enum err memory(const char *path, uint64_t mb, unsigned files, struct diag *d)
{
	char options[96];

	TRY(make_dir(path, d));
	(void)snprintf(options, sizeof options, "mode=0755,size=%llum,nr_inodes=%u",
		       (unsigned long long)mb, files);
	if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
		return failed(d, "mount memory on", path);
	return OK;
}

static enum err attributes(const char *path, unsigned flags, uint64_t set, struct diag *d)
{
	struct mount_attr attr = { .attr_set = set };

	if (mount_setattr(AT_FDCWD, path, flags, &attr, sizeof attr) != 0)
		return failed(d, "protect", path);
	return OK;
}

/* A directory or file of the machine, to be read only. One that is not there is left out. */
static enum err view(const char *path, bool device, struct diag *d)
{
	char at[PATH_MAX];
	struct stat st;
	/* A device is written through, however its file is mounted. */
	uint64_t set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY | (device ? 0 : MOUNT_ATTR_NODEV);

	if (stat(path, &st) != 0)
		return OK;
	(void)snprintf(at, sizeof at, ROOT_DIR "%s", path);
	if (S_ISDIR(st.st_mode)) {
		TRY(make_dir(at, d));
	} else {
		AUTO(fd_closep) int fd = open(at, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			return failed(d, "make", at);
	}
	if (mount(path, at, NULL, MS_BIND | MS_REC, NULL) != 0)
		return failed(d, "show the box", path);
	return attributes(at, AT_RECURSIVE, set, d);
}

/* The interpreter's own tree; tree: a detached mount of it where only root can reach it by path. */
static enum err view_tree(struct str prefix, int tree, struct diag *d)
{
	char path[PATH_MAX], at[PATH_MAX];

	if (prefix.n == 0)
		return OK;
	(void)snprintf(path, sizeof path, "%.*s", FMT(prefix));
	if (tree < 0)
		return view(path, false, d);
	(void)snprintf(at, sizeof at, ROOT_DIR "%.*s", (int)(sizeof at - 8), path);
	TRY(make_dir(at, d));
	if (move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return failed(d, "show the box", path);
	return attributes(at, AT_RECURSIVE,
			  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, d);
}

static enum err file(const char *path, struct str content, unsigned mode, struct diag *d)
{
	char at[PATH_MAX];

	(void)snprintf(at, sizeof at, ROOT_DIR "%s", path);
	AUTO(fd_closep) int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || fs_write_all(fd, content) != OK || fchmod(fd, mode) != 0)
		return failed(d, "write", path);
	return OK;
}

static enum err link_to(const char *target, const char *path, struct diag *d)
{
	char at[PATH_MAX];

	(void)snprintf(at, sizeof at, ROOT_DIR "%s", path);
	if (symlink(target, at) != 0 && errno != EEXIST)
		return failed(d, "link", path);
	return OK;
}

static enum err links(const char *const pairs[][2], size_t n, struct diag *d)
{
	for (size_t i = 0; i < n; i++)
		TRY(link_to(pairs[i][0], pairs[i][1], d));
	return OK;
}

static enum err dirs(const char *const paths[], size_t n, struct diag *d)
{
	char at[PATH_MAX];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(at, sizeof at, ROOT_DIR "%s", paths[i]);
		TRY(make_dir(at, d));
	}
	return OK;
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- the tree ---- */

/* /bin, /lib and the like: links into /usr today, directories on older systems. */
static enum err top_level(struct diag *d)
{
	static const char *const names[] = { "/bin", "/sbin", "/lib", "/lib64", "/lib32" };
	char target[PATH_MAX];

	for (size_t i = 0; i < COUNT(names); i++) {
		ssize_t n = readlink(names[i], target, sizeof target - 1);
		if (n < 0) {
			TRY(view(names[i], false, d));
			continue;
		}
		target[n] = '\0';
		TRY(link_to(target, names[i], d));
	}
	return OK;
}

static enum err devices(struct diag *d)
{
	static const char *const names[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					     "/dev/random", "/dev/urandom", "/dev/tty" };
	static const char *const pairs[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < COUNT(names); i++)
		TRY(view(names[i], true, d));
	TRY(links(pairs, COUNT(pairs), d));
	return memory(ROOT_DIR "/dev/shm", 16, 1000, d);
}

static enum err etc(struct str ca, struct diag *d)
{
	TRY(file("/etc/passwd",
		 S("root:x:0:0:root:/root:/bin/bash\ndev:x:1000:1000:dev:" HOME ":/bin/bash\n"),
		 0644, d));
	TRY(file("/etc/group", S("root:x:0:\ndev:x:1000:\n"), 0644, d));
	TRY(file("/etc/hosts", S("127.0.0.1 localhost build-7\n::1 localhost\n"), 0644, d));
	TRY(file("/etc/hostname", S("build-7\n"), 0644, d));
	TRY(file("/etc/resolv.conf", S("nameserver 192.0.2.53\noptions timeout:2 attempts:1\n"),
		 0644, d));
	TRY(file("/etc/nsswitch.conf", S("passwd: files\ngroup: files\nhosts: files dns\n"), 0644,
		 d));
	TRY(file("/etc/ssl/certs/ca-certificates.crt", ca, 0644, d));
	TRY(view("/etc/ld.so.cache", false, d));
	TRY(view("/etc/alternatives", false, d));
	return view("/etc/os-release", false, d);
}

static enum err preload(int fd, struct diag *d)
{
	char at[] = ROOT_DIR "/opt/lib/libtime.so";
	char piece[1 << 16];
	ssize_t n;

	if (fd < 0)
		return OK;
	AUTO(fd_closep) int out = open(at, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (out < 0)
		return failed(d, "write", at);
	for (off_t off = 0; (n = pread(fd, piece, sizeof piece, off)) > 0; off += n)
		if (fs_write_all(out, (struct str){ piece, (size_t)n }) != OK)
			return failed(d, "write", at);
	/* Not by LD_PRELOAD, which everybody sees and some clear. */
	return file("/etc/ld.so.preload", S("/opt/lib/libtime.so\n"), 0644, d);
}

/* A virtual environment, so that hooks of the start run as they would. */
static enum err venv(const struct detonation_order *o, char *site, size_t site_cap, struct diag *d)
{
	char text[PATH_MAX + 128], path[PATH_MAX], python[PATH_MAX];
	struct str dir = str_head(o->python, o->python.n - str_last(o->python, '/').n);

	(void)snprintf(site, site_cap, SITE_PACKAGES "%.*s/site-packages", FMT(o->version));
	(void)snprintf(path, sizeof path, ROOT_DIR "%.*s", (int)(sizeof path - 8), site);
	TRY(make_dir(path, d));
	TRY(make_dir(ROOT_DIR HOME "/venv/bin", d));
	(void)snprintf(python, sizeof python, "%.*s", FMT(o->python));
	TRY(link_to(python, HOME "/venv/bin/python", d));
	TRY(link_to("python", HOME "/venv/bin/python3", d));
	int n = snprintf(text, sizeof text,
			 "home = %.*s\ninclude-system-site-packages = false\nversion = %.*s\n",
			 FMT(dir), FMT(o->version));
	return file(HOME "/venv/pyvenv.cfg", (struct str){ text, (size_t)n }, 0644, d);
}

static enum err home(const struct detonation_order *o, char *site, size_t site_cap, int *out_target,
		     struct diag *d)
{
	char path[PATH_MAX];
	const char *at = HOME "/app/node_modules/target";

	TRY(memory(ROOT_DIR HOME, (o->bytes >> 20) + HOME_ROOM_MB, 3 * DETONATION_FILES, d));
	TRY(make_dir(ROOT_DIR HOME "/app", d));
	*site = '\0';
	if (o->kind != KIND_NPM) {
		TRY(venv(o, site, site_cap, d));
		at = o->kind == KIND_SDIST ? HOME "/app/source" : site;
	}
	(void)snprintf(path, sizeof path, ROOT_DIR "%.*s", (int)(sizeof path - 8), at);
	TRY(make_dir(path, d));
	*out_target = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *out_target < 0 ? failed(d, "open", path) : OK;
}

enum err root_make(const struct detonation_order *o, const struct box_start *s, struct str ca,
		   int *out_target, char *site, size_t site_cap, struct diag *d)
{
	static const char *const some[] = { "/usr",  "/etc/ssl/certs", "/opt/lib",
					    "/proc", "/var/tmp",       "/run",
					    "/root", "/dev",	       "/sys" };

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return failed(d, "make private", "/");
	TRY(memory(ROOT_DIR, 16, 2000, d));
	TRY(dirs(some, COUNT(some), d));
	TRY(view("/usr", false, d));
	TRY(top_level(d));
	TRY(view_tree(o->prefix, s->tree, d));
	TRY(devices(d));
	TRY(etc(ca, d));
	TRY(preload(s->preload, d));
	TRY(file("/opt/lib/probe.py", (struct str){ probe_py, (size_t)(probe_py_end - probe_py) },
		 0644, d));
	TRY(file("/opt/lib/probe.js", (struct str){ probe_js, (size_t)(probe_js_end - probe_js) },
		 0644, d));
	if (mount("proc", ROOT_DIR "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "hidepid=2") != 0)
		return failed(d, "mount", "/proc");
	TRY(memory(ROOT_DIR ROOT_DIR, 64, 20000, d));
	TRY(memory(ROOT_DIR "/var/tmp", 16, 5000, d));
	return home(o, site, site_cap, out_target, d);
}

enum err root_enter(struct diag *d)
{
	if (chdir(ROOT_DIR) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
	    umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return failed(d, "enter", ROOT_DIR);
	if (chmod(ROOT_DIR, 01777) != 0 || chmod("/var/tmp", 01777) != 0)
		return failed(d, "open", ROOT_DIR);
	return attributes("/", 0, MOUNT_ATTR_RDONLY, d);
}
