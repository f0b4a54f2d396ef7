/*
 * package/wheel_record.c - RECORD: CSV rows "path,algorithm=digest,size".
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/wheel_record_fuzz.c
 */
#include "package/wheel_record.h"

#include "base/num.h"
#include "codec/base64.h"
#include "codec/utf8.h"

#include <string.h>

void wheel_record_init(struct wheel_record *r, struct arena *a, struct str text)
{
	csv_init(&r->csv, a, text);
}

/* Digest sizes of what hashlib guarantees; what is not listed may have any. */
static bool size_fits(struct str algorithm, size_t n)
{
	static const struct {
		struct str name;
		size_t n;
	} rows[] = {
		{ SC("sha256"), 32 }, { SC("sha384"), 48 }, { SC("sha512"), 64 },
		{ SC("md5"), 16 },    { SC("sha1"), 20 },   { SC("sha224"), 28 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (str_eq(rows[i].name, algorithm))
			return rows[i].n == n;
	return n != 0;
}

static enum wheel_record_fault read_hash(struct str s, struct wheel_record_row *out)
{
	struct str digest, algorithm = str_cut(s, '=', &digest);
	struct buf b;

	if (s.n == 0)
		return WHEEL_RECORD_WELL;
	/* The decoder wants room for what padding could have been. */
	uint8_t room[sizeof out->digest + 2];
	buf_fixed(&b, room, sizeof room);
	if (algorithm.n == 0 || str_chr(digest, '=') != SIZE_MAX || digest.n > 86 ||
	    base64_decode(&b, digest, BASE64_URL) != OK || b.n > sizeof out->digest ||
	    !size_fits(algorithm, b.n))
		return WHEEL_RECORD_HASH;
	out->algorithm = algorithm;
	out->n_digest = (uint8_t)b.n;
	memcpy(out->digest, room, b.n);
	if (str_eq(algorithm, S("md5")) || str_eq(algorithm, S("sha1")))
		return WHEEL_RECORD_WEAK;
	return WHEEL_RECORD_WELL;
}

/* pip and importlib.metadata cut RECORD by str.splitlines(), others at CR and LF only. A quoted
 * field that goes on in the next line is put together with the end of line by some, without by
 * others. */
static bool splits_elsewhere(struct str raw)
{
	for (size_t i = 0; i < raw.n; i++) {
		struct str s = str_tail(raw, i);
		switch (s.p[0]) {
		case '\v':
		case '\f':
		case '\x1c':
		case '\x1d':
		case '\x1e':
			return true;
		case '\xc2':
			if (str_has_prefix(s, S("\xc2\x85"))) /* NEL */
				return true;
			break;
		case '\xe2':
			if (str_has_prefix(s, S("\xe2\x80\xa8")) ||
			    str_has_prefix(s, S("\xe2\x80\xa9"))) /* LS, PS */
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

static enum wheel_record_fault read_row(const struct str *fields, size_t n, struct str raw,
					struct wheel_record_row *out)
{
	if (n != 3 || fields[0].n == 0 || str_chr(fields[0], '\0') != SIZE_MAX)
		return WHEEL_RECORD_FIELDS;
	if (splits_elsewhere(raw))
		return WHEEL_RECORD_LINES;
	if (utf8_valid(raw) != raw.n || (out->line == 1 && str_has_prefix(raw, S("\xef\xbb\xbf"))))
		return WHEEL_RECORD_TEXT;
	enum wheel_record_fault fault = read_hash(fields[1], out);
	if (fault != WHEEL_RECORD_WELL || fields[2].n == 0)
		return fault;
	out->has_size = num_u64(fields[2], INT64_MAX, &out->size) == OK;
	return out->has_size ? WHEEL_RECORD_WELL : WHEEL_RECORD_SIZE;
}

enum err wheel_record_next(struct wheel_record *r, struct wheel_record_row *out)
{
	struct str fields[3] = { S(""), S(""), S("") }, raw = S("");
	size_t n = 0;

	r->csv.spans = false;
	while (n == 0) { /* empty lines are nothing */
		raw = r->csv.rest;
		TRY(csv_next(&r->csv, fields, 3, &n));
	}
	raw.n -= r->csv.rest.n;
	*out = (struct wheel_record_row){
		.path = fields[0],
		.algorithm = S(""),
		.line = r->csv.line,
	};
	out->fault = read_row(fields, n, raw, out);
	if (r->csv.spans && out->fault != WHEEL_RECORD_FIELDS)
		out->fault = WHEEL_RECORD_LINES;
	return OK;
}

const char *wheel_record_text(enum wheel_record_fault fault)
{
	static const char *const texts[] = {
		[WHEEL_RECORD_WELL] = "",
		[WHEEL_RECORD_FIELDS] = "row without path, hash and size",
		[WHEEL_RECORD_HASH] = "row with a hash that is none",
		[WHEEL_RECORD_WEAK] = "row with a hash that is too weak",
		[WHEEL_RECORD_SIZE] = "row with a size that is none",
		[WHEEL_RECORD_LINES] = "row that some readers take for several",
		[WHEEL_RECORD_TEXT] = "row that is not plain UTF-8",
	};

	return texts[fault];
}

bool wheel_record_unclear(enum wheel_record_fault fault)
{
	return fault == WHEEL_RECORD_FIELDS || fault == WHEEL_RECORD_LINES ||
	       fault == WHEEL_RECORD_TEXT;
}
