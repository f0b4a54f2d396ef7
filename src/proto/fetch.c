/*
 * proto/fetch.c - what the command line and a fetcher say to each other.
 * Input: hostile (a fetcher that was taken over).   Runs in: fetcher, cli.
 * Fuzz: fuzz/fetch_fuzz.c
 */
#include "proto/fetch.h"

#include "base/limits.h"
#include "base/rd.h"

void fetch_request_encode(const struct fetch_request *r, struct buf *out)
{
	wr_str(out, r->url);
	wr_str(out, r->authorization);
	wr_str(out, r->accept);
	wr_str(out, r->ca_pem);
	wr_u64(out, r->bytes_max);
	wr_u8(out, (uint8_t)r->mode);
	wr_u8(out, (uint8_t)r->eco);
	wr_str(out, r->name);
}

enum err fetch_request_decode(struct fetch_request *r, struct str text)
{
	struct rd in = rd_from(text);

	r->url = rd_str(&in, LIMIT_TARGET);
	r->authorization = rd_str(&in, FETCH_SECRET_MAX);
	r->accept = rd_str(&in, 256);
	r->ca_pem = rd_str(&in, FETCH_CA_MAX);
	r->bytes_max = rd_u64(&in);
	uint8_t mode = rd_u8(&in), eco = rd_u8(&in);
	r->name = rd_str(&in, 512);
	TRY(rd_end(&in));
	if (mode >= FETCH_MODES || eco >= ECO_COUNT)
		return ERR_SYNTAX;
	r->mode = (enum fetch_mode)mode;
	r->eco = (enum ecosystem)eco;
	return OK;
}

void fetch_report_encode(const struct fetch_report *r, struct buf *out)
{
	wr_u32(out, (uint32_t)r->err);
	wr_u32(out, r->status);
	wr_str(out, str_head(r->location, LIMIT_TARGET));
	wr_u64(out, r->bytes);
	wr_str(out, str_head(r->why, FETCH_WHY));
}

enum err fetch_report_decode(struct fetch_report *r, struct str text)
{
	struct rd in = rd_from(text);
	uint32_t err = rd_u32(&in);

	r->err = err < ERR_COUNT ? (enum err)err : ERR_SYNTAX;
	r->status = rd_u32(&in);
	r->location = rd_str(&in, LIMIT_TARGET);
	r->bytes = rd_u64(&in);
	r->why = rd_str(&in, FETCH_WHY);
	return rd_end(&in);
}
