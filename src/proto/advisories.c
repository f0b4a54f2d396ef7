/*
 * proto/advisories.c - the report of an indexer.
 * Input: hostile (an indexer that was taken over).   Runs in: indexer, cli.
 * Fuzz: fuzz/advisories_fuzz.c
 */
#include "proto/advisories.h"

#include "base/rd.h"

void advisories_report_encode(const struct advisories_report *r, struct buf *out)
{
	wr_u32(out, (uint32_t)r->err);
	wr_u32(out, r->records);
	wr_u32(out, r->unread);
	wr_u32(out, r->other);
	wr_u32(out, r->ranges_unread);
	wr_str(out, str_head(r->why, ADVISORIES_WHY));
}

enum err advisories_report_decode(struct advisories_report *r, struct str text)
{
	struct rd in = rd_from(text);
	uint32_t err = rd_u32(&in);

	r->err = err < ERR_COUNT ? (enum err)err : ERR_SYNTAX;
	r->records = rd_u32(&in);
	r->unread = rd_u32(&in);
	r->other = rd_u32(&in);
	r->ranges_unread = rd_u32(&in);
	r->why = rd_str(&in, ADVISORIES_WHY);
	return rd_end(&in);
}
