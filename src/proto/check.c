/* proto/check.c - the request of a check. Input: own. Runs in: cli, checker. */
#include "proto/check.h"

#include "base/rd.h"

void check_request_encode(const struct check_request *r, struct buf *out)
{
	wr_str(out, r->name);
	wr_str(out, r->prefix);
	wr_str(out, r->python);
	wr_str(out, r->build);
	wr_str(out, r->policy_name);
	wr_i64(out, r->now);
	wr_i64(out, r->published_s);
	wr_u32(out, r->flags);
	wr_u8(out, (uint8_t)r->policy_fd);
	wr_u8(out, (uint8_t)r->advisory_fd);
	wr_u8(out, (uint8_t)r->cache_fd);
	wr_u8(out, (uint8_t)r->publishers_fd);
	wr_u32(out, r->n_roots);
	for (uint32_t i = 0; i < r->n_roots; i++) {
		wr_u8(out, r->roots[i].role);
		wr_u8(out, r->roots[i].fd);
		wr_str(out, r->roots[i].label);
		wr_str(out, r->roots[i].uploader);
	}
}

enum err check_request_decode(struct check_request *r, struct str message)
{
	struct rd rd = rd_from(message);

	*r = (struct check_request){ .name = rd_str(&rd, CHECK_LABEL) };
	r->prefix = rd_str(&rd, CHECK_LABEL);
	r->python = rd_str(&rd, 64);
	r->build = rd_str(&rd, 256);
	r->policy_name = rd_str(&rd, CHECK_LABEL);
	r->now = rd_i64(&rd);
	r->published_s = rd_i64(&rd);
	r->flags = rd_u32(&rd);
	r->policy_fd = (int8_t)rd_u8(&rd);
	r->advisory_fd = (int8_t)rd_u8(&rd);
	r->cache_fd = (int8_t)rd_u8(&rd);
	r->publishers_fd = (int8_t)rd_u8(&rd);
	r->n_roots = rd_count(&rd, CHECK_ROOTS, 10);
	for (uint32_t i = 0; i < r->n_roots; i++) {
		r->roots[i].role = rd_u8(&rd);
		r->roots[i].fd = rd_u8(&rd);
		r->roots[i].label = rd_str(&rd, CHECK_LABEL);
		r->roots[i].uploader = rd_str(&rd, CHECK_UPLOADER);
		if (r->roots[i].role >= ROOT_ROLES)
			return ERR_SYNTAX;
	}
	return rd_end(&rd);
}
