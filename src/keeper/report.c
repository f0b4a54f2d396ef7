/*
 * keeper/report.c - the loader's report.
 * Input: our own loader's, which has read what the operator wrote.   Runs in: keeper, loader.
 */
#include "keeper/loader.h"

#include "base/limits.h"
#include "base/rd.h"

#include <string.h>

void loaded_encode(const struct loaded *l, struct buf *out)
{
	wr_str(out, l->listen);
	wr_str(out, l->admin);
	wr_u32(out, l->workers);
	wr_u32(out, l->drain_ms);
	wr_u32(out, l->max_parallel);
	wr_bytes(out, (struct str){ (const char *)l->config_hash, sizeof l->config_hash });
	wr_str(out, l->warning);
	wr_u32(out, l->n_warnings);
}

enum err loaded_decode(struct loaded *l, struct str body)
{
	struct rd r = rd_from(body);

	l->listen = rd_str(&r, LOADER_TEXT);
	l->admin = rd_str(&r, LOADER_TEXT);
	l->workers = rd_u32(&r);
	l->drain_ms = rd_u32(&r);
	l->max_parallel = rd_u32(&r);
	struct str hash = rd_bytes(&r, sizeof l->config_hash);
	if (r.err == OK)
		memcpy(l->config_hash, hash.p, sizeof l->config_hash);
	l->warning = rd_str(&r, LOADER_TEXT);
	l->n_warnings = rd_u32(&r);
	return rd_end(&r);
}

void loader_report(int result_fd, enum err e, const struct diag *d, const struct loaded *l,
		   const int *fds, unsigned n_fds)
{
	struct buf b;

	buf_init(&b, LIMIT_CONTROL);
	if (e == OK)
		loaded_encode(l, &b);
	else
		wr_str(&b, str_head(str_z(diag_text(d)), LOADER_TEXT));
	/* Keeper takes the end of the socket for a failure, too. */
	enum err ignored = ipc_send(result_fd, e == OK ? LOADER_DONE : LOADER_FAILED, 0,
				    buf_str(&b), fds, e == OK ? n_fds : 0);
	(void)ignored;
	buf_free(&b);
}
