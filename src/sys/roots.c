/*
 * sys/roots.c - where systems keep their trusted roots, the hosts file and resolv.conf.
 * Input: trusted (the system's files).   Runs in: loader, fetcher.
 */
#include "sys/roots.h"

#include "sys/fs.h"

enum err roots_read(struct buf *out, struct diag *d)
{
	static const char *const places[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Alpine, Arch */
		"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
		"/etc/ssl/ca-bundle.pem",	      /* SUSE */
		"/etc/ssl/cert.pem",
	};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		enum err e = fs_read(places[i], 0, out, d);
		if (e != ERR_NOT_FOUND)
			return e;
	}
	return diag_set(d, ERR_NOT_FOUND, "the system has no bundle of trusted roots");
}

static enum err read_any(const char *path, struct buf *out, struct diag *d)
{
	enum err e = fs_read(path, 0, out, d);

	return e == ERR_NOT_FOUND ? OK : e;
}

enum err hosts_read(struct buf *out, struct diag *d)
{
	return read_any("/etc/hosts", out, d);
}

enum err resolv_read(struct buf *out, struct diag *d)
{
	return read_any("/etc/resolv.conf", out, d);
}
