/*
 * fuzz/wheel_record_fuzz.c - oracle: a row without a fault, written as a quoted path, an encoded digest
 * and a size, reads the same.
 */
#include "fuzz/fuzz.h"

#include "codec/base64.h"
#include "package/wheel_record.h"

static void write_row(const struct wheel_record_row *r, struct buf *out)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < r->path.n; i++) {
		if (r->path.p[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, r->path.p[i]);
	}
	buf_add(out, S("\",\""));
	for (size_t i = 0; i < r->algorithm.n; i++) {
		if (r->algorithm.p[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, r->algorithm.p[i]);
	}
	if (r->algorithm.n != 0) {
		buf_addc(out, '=');
		base64_encode(out, (struct str){ (const char *)r->digest, r->n_digest }, BASE64_URL);
	}
	buf_add(out, S("\","));
	if (r->has_size)
		buf_addu(out, r->size);
	buf_addc(out, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n };
	struct wheel_record_row row, again;
	struct wheel_record r, s;
	struct arena a;
	struct buf out;
	enum err e;

	if (n > 100000)
		return 0;
	arena_init(&a, 64 << 20);
	buf_init(&out, 1 << 20);
	wheel_record_init(&r, &a, text);
	while ((e = wheel_record_next(&r, &row)) == OK) {
		CHECK(row.line != 0);
		if (row.fault != WHEEL_RECORD_WELL)
			continue;
		CHECK(row.path.n != 0 && row.n_digest <= sizeof row.digest);
		buf_reset(&out);
		write_row(&row, &out);
		wheel_record_init(&s, &a, buf_str(&out));
		CHECK(wheel_record_next(&s, &again) == OK && again.fault == WHEEL_RECORD_WELL);
		CHECK(str_eq(again.path, row.path) && str_eq(again.algorithm, row.algorithm));
		CHECK(again.n_digest == row.n_digest && again.size == row.size &&
		      again.has_size == row.has_size &&
		      memcmp(again.digest, row.digest, row.n_digest) == 0);
	}
	CHECK(e == ERR_NOT_FOUND);
	buf_free(&out);
	arena_done(&a);
	return 0;
}
