/*
 * codec/http1.c - HTTP/1.1 message heads: bytes in, slices out. No memory is allocated. Bodies:
 * http1_chunked.c.
 * Input: hostile.   Runs in: ingress, egress, admin.   Fuzz: fuzz/http1_fuzz.c
 *
 * A head is read in one pass. What runs over every byte takes sixteen a step with SSE2, which all
 * of x86-64 has, or eight with plain integer arithmetic.
 */
#include "codec/http1.h"

#include "base/num.h"
#include "codec/http1_chars.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const struct str known_names[HTTP1_KNOWN_COUNT] = {
#define X(name, text) [name] = SC(text),
	HTTP1_KNOWN(X)
#undef X
};

/* The known fields of each name length, one more than their number, 0 ends a row. The unit test
 * finds every name of HTTP1_KNOWN through it. */
enum { NAME_MAX_KNOWN = 30 };
static const uint8_t known_by_length[NAME_MAX_KNOWN + 1][8] = {
	[4] = { 1 + H_HOST, 1 + H_DATE },
	[6] = { 1 + H_ACCEPT, 1 + H_EXPECT, 1 + H_ORIGIN },
	[7] = { 1 + H_API_KEY, 1 + H_UPGRADE },
	[8] = { 1 + H_LOCATION },
	[9] = { 1 + H_X_API_KEY },
	[10] = { 1 + H_CONNECTION, 1 + H_USER_AGENT, 1 + H_REQUEST_ID },
	[11] = { 1 + H_OPENAI_BETA, 1 + H_RETRY_AFTER },
	[12] = { 1 + H_CONTENT_TYPE, 1 + H_X_REQUEST_ID },
	[13] = { 1 + H_AUTHORIZATION },
	[14] = { 1 + H_CONTENT_LENGTH, 1 + H_ANTHROPIC_BETA, 1 + H_OPENAI_PROJECT,
		 1 + H_X_GOOG_API_KEY, 1 + H_X_LITELLM_TAGS, 1 + H_RETRY_AFTER_MS,
		 1 + H_OPENAI_VERSION },
	[15] = { 1 + H_IDEMPOTENCY_KEY },
	[16] = { 1 + H_CONTENT_ENCODING },
	[17] = { 1 + H_TRANSFER_ENCODING, 1 + H_ANTHROPIC_VERSION, 1 + H_X_LITELLM_TIMEOUT,
		 1 + H_X_LITELLM_API_KEY },
	[19] = { 1 + H_OPENAI_ORGANIZATION },
	[21] = { 1 + H_X_LITELLM_NUM_RETRIES, 1 + H_X_LITELLM_END_USER_ID,
		 1 + H_X_LITELLM_CUSTOMER_ID },
	[20] = { 1 + H_OPENAI_PROCESSING_MS },
	[24] = { 1 + H_X_LITELLM_STREAM_TIMEOUT, 1 + H_RATE_LIMIT_TOKENS, 1 + H_RATE_RESET_TOKENS },
	[25] = { 1 + H_ANTHROPIC_ORGANIZATION, 1 + H_OCP_APIM_KEY },
	[26] = { 1 + H_RATE_LIMIT_REQUESTS, 1 + H_RATE_RESET_REQUESTS },
	[28] = { 1 + H_RATE_LEFT_TOKENS },
	[30] = { 1 + H_RATE_LEFT_REQUESTS },
};

#define BIT(x) (UINT64_C(1) << (x))
static_assert(HTTP1_KNOWN_COUNT <= 64, "known fields are kept in one word of bits");

/* A second one of these is refused: it would decide where a body ends, who asks, or what it
 * means. */
static const uint64_t once_in_request = BIT(H_HOST) | BIT(H_CONTENT_LENGTH) |
					BIT(H_TRANSFER_ENCODING) | BIT(H_CONTENT_TYPE) |
					BIT(H_CONTENT_ENCODING) | BIT(H_AUTHORIZATION) |
					BIT(H_X_API_KEY) | BIT(H_API_KEY) | BIT(H_X_GOOG_API_KEY) |
					BIT(H_X_LITELLM_API_KEY) | BIT(H_OCP_APIM_KEY) |
					BIT(H_EXPECT);
static const uint64_t once_in_response = BIT(H_CONTENT_LENGTH) | BIT(H_TRANSFER_ENCODING);

struct reader {
	const char *p, *end;
	const char **why;
	uint64_t once; /* fields that may come once */
	bool conn_close, conn_keep;
};

static enum err bad(struct reader *r, enum err e, const char *why)
{
	*r->why = why;
	return e;
}

/* ---- eight bytes a step ---------------------------------------------------------------------- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t load8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return le64toh(w);
}

/* controls marks the bytes of w that are below 0x20 or 0x7f. Borrows make false marks only above a
 * true one, so the lowest mark is always right. */
static uint64_t controls(uint64_t w)
{
	uint64_t del = w ^ EACH(0x7f);

	return (((w - EACH(0x20)) & ~w) | ((del - EACH(0x01)) & ~del)) & EACH(0x80);
}

/* in_range marks the bytes of w from lo to hi. No byte of w may have its top bit set. */
static uint64_t in_range(uint64_t w, uint64_t lo, uint64_t hi)
{
	return (w + EACH(0x80) - EACH(1) * lo) & ~(w + EACH(0x7f) - EACH(1) * hi) & EACH(0x80);
}

/* ---- sixteen bytes a step -------------------------------------------------------------------- */

#ifdef __SSE2__
/* unusual16 marks the bytes at p that are neither letters nor '-'. */
static inline unsigned unusual16(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i from_a = _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
	__m128i letter = _mm_cmpeq_epi8(_mm_min_epu8(from_a, _mm_set1_epi8('z' - 'a')), from_a);
	__m128i dash = _mm_cmpeq_epi8(v, _mm_set1_epi8('-'));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(letter, dash)) ^ 0xffff;
}

/* controls16 marks the bytes at p that are below 0x20 or 0x7f. */
static inline unsigned controls16(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del));
}
#endif

/* name_end gives the first byte that cannot be in a token, or end. Nearly every name is letters and
 * '-'. */
static const char *name_end(const char *p, const char *end)
{
#ifdef __SSE2__
	while (end - p >= 16) {
		unsigned rest = unusual16(p);
		if (rest == 0) {
			p += 16;
			continue;
		}
		p += __builtin_ctz(rest);
		if (!is(*p, IS_TOKEN))
			return p;
		p++;
	}
#endif
	while (end - p >= 8) {
		uint64_t w = load8(p), ascii = w & EACH(0x7f);
		uint64_t usual = in_range(ascii | EACH(0x20), 'a', 'z') | in_range(ascii, '-', '-');
		uint64_t rest = ~(usual & ~w) & EACH(0x80);
		if (rest == 0) {
			p += 8;
			continue;
		}
		p += __builtin_ctzll(rest) / 8;
		if (!is(*p, IS_TOKEN))
			return p;
		p++;
	}
	while (p < end && is(*p, IS_TOKEN))
		p++;
	return p;
}

/* value_end gives the first control byte other than a tab, or end. */
static const char *value_end(const char *p, const char *end)
{
#ifdef __SSE2__
	while (end - p >= 16) {
		unsigned found = controls16(p);
		if (found == 0) {
			p += 16;
			continue;
		}
		p += __builtin_ctz(found);
		if (*p != '\t')
			return p;
		p++;
	}
#endif
	while (end - p >= 8) {
		uint64_t found = controls(load8(p));

		if (found == 0) {
			p += 8;
			continue;
		}
		p += __builtin_ctzll(found) / 8;
		if (*p != '\t')
			return p;
		p++;
	}
	while (p < end && !is_control(*p))
		p++;
	return p;
}

/* same_name compares a token with a known name of the same length. Setting bit 0x20 folds the case
 * of letters, and no byte of a token becomes a '-' by it. */
static bool same_name(const char *token, const char *known, size_t n)
{
	const uint64_t fold = EACH(0x20);

	if (n >= 8) {
		for (size_t i = 0; i + 8 < n; i += 8)
			if ((load8(token + i) | fold) != load8(known + i))
				return false;
		return (load8(token + n - 8) | fold) == load8(known + n - 8);
	}
	for (size_t i = 0; i < n; i++)
		if ((token[i] | 0x20) != known[i])
			return false;
	return true;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* line_end steps over CRLF. */
static enum err line_end(struct reader *r)
{
	if (r->p == r->end)
		return ERR_AGAIN;
	if (*r->p != '\r')
		return bad(r, ERR_SYNTAX,
			   *r->p == '\n' ? "a line ends without CR" : "control byte in head");
	if (r->end - r->p < 2)
		return ERR_AGAIN;
	if (r->p[1] != '\n')
		return bad(r, ERR_SYNTAX, "CR without LF");
	r->p += 2;
	return OK;
}

static enum err note_known(struct http1_head *h, struct reader *r, enum http1_known k,
			   struct str value)
{
	if (h->known[k].p != NULL) {
		if (r->once & BIT(k))
			return bad(r, ERR_SYNTAX, "a field that may come once came twice");
	} else {
		h->known[k] = value;
	}
	if (k == H_CONNECTION) {
		r->conn_close |= http1_list_has(value, S("close"));
		r->conn_keep |= http1_list_has(value, S("keep-alive"));
	}
	return OK;
}

static enum err lookup(struct http1_head *h, struct reader *r, const struct http1_field *f)
{
	if (f->name.n > NAME_MAX_KNOWN)
		return OK;
	for (const uint8_t *at = known_by_length[f->name.n]; *at; at++)
		if (same_name(f->name.p, known_names[*at - 1].p, f->name.n))
			return note_known(h, r, (enum http1_known)(*at - 1), f->value);
	return OK;
}

static enum err read_field(struct http1_head *h, struct reader *r)
{
	const char *end = r->end, *p = name_end(r->p, end);
	struct http1_field *f = &h->fields[h->n_fields];

	if (p == end)
		return ERR_AGAIN;
	if (*p != ':' || p == r->p) {
		if (p == r->p && (*p == ' ' || *p == '\t'))
			return bad(r, ERR_SYNTAX, "a folded or indented field line");
		return bad(r, ERR_SYNTAX, "bad byte in a field name, or none before the colon");
	}
	f->name = (struct str){ r->p, (size_t)(p - r->p) };
	p++;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;

	const char *start = p;
	p = value_end(p, end);
	const char *stop = p;
	while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t'))
		stop--;
	f->value = (struct str){ start, (size_t)(stop - start) };
	r->p = p;
	TRY(line_end(r));
	h->n_fields++;
	return lookup(h, r, f);
}

/* read_fields reads to the blank line and past it. */
static enum err read_fields(struct http1_head *h, struct reader *r)
{
	for (;;) {
		if (r->p == r->end)
			return ERR_AGAIN;
		if (*r->p == '\r')
			return line_end(r);
		if (h->n_fields == LIMIT_HEADERS)
			return bad(r, ERR_LIMIT, "too many header fields");
		TRY(read_field(h, r));
	}
}

/* read_version reads "HTTP/1.0" or "HTTP/1.1". */
static enum err read_version(struct http1_head *h, struct reader *r)
{
	static const char name[] = "HTTP/1.";
	size_t left = (size_t)(r->end - r->p);

	if (left < 8) {
		if (memcmp(r->p, name, left < 5 ? left : 5) != 0)
			return bad(r, ERR_SYNTAX, "not HTTP");
		return ERR_AGAIN;
	}
	if (memcmp(r->p, name, 5) != 0)
		return bad(r, ERR_SYNTAX, "not HTTP");
	if (r->p[5] < '0' || r->p[5] > '9' || r->p[6] != '.' || r->p[7] < '0' || r->p[7] > '9')
		return bad(r, ERR_SYNTAX, "bad HTTP version");
	if (r->p[5] != '1' || r->p[7] > '1')
		return bad(r, ERR_UNSUPPORTED, "HTTP version not supported");
	h->minor = (unsigned)(r->p[7] - '0');
	r->p += 8;
	return OK;
}

/* ---- framing --------------------------------------------------------------------------------- */

/* read_framing decides how long the body is, the same way for both directions. has_body false: the
 * message cannot have one, whatever its fields say. */
static enum err read_framing(struct http1_head *h, struct reader *r, bool has_body,
			     enum http1_framing otherwise)
{
	struct str te = h->known[H_TRANSFER_ENCODING], cl = h->known[H_CONTENT_LENGTH];

	h->framing = has_body ? otherwise : HTTP1_NONE;
	/*
	 * RFC 9112, 6.3: a message with both Transfer-Encoding and Content-Length "ought to be
	 * handled as an error". Two readers that disagree about the length are how requests are
	 * smuggled.
	 */
	if (te.p && cl.p)
		return bad(r, ERR_SYNTAX, "both Transfer-Encoding and Content-Length");
	if (te.p) {
		if (!str_ieq(te, S("chunked")))
			return bad(r, ERR_UNSUPPORTED, "transfer coding not supported");
		if (h->minor == 0)
			return bad(r, ERR_SYNTAX, "Transfer-Encoding in HTTP/1.0");
		if (has_body)
			h->framing = HTTP1_CHUNKED;
	}
	if (cl.p) {
		if (num_u64(cl, INT64_MAX, &h->content_length) != OK)
			return bad(r, ERR_SYNTAX, "Content-Length is not a number");
		if (has_body)
			h->framing = h->content_length ? HTTP1_LENGTH : HTTP1_NONE;
	}
	return OK;
}

static void read_connection(struct http1_head *h, const struct reader *r)
{
	if (h->framing == HTTP1_CLOSE || r->conn_close)
		h->keep_alive = false;
	else
		h->keep_alive = h->minor == 1 || r->conn_keep;
}

/* ---- request --------------------------------------------------------------------------------- */

static enum err read_request_line(struct http1_head *h, struct reader *r)
{
	const char *p = r->p, *end = r->end;

	while (p < end && is(*p, IS_TOKEN))
		p++;
	h->method = (struct str){ r->p, (size_t)(p - r->p) };
	if (p == end)
		return ERR_AGAIN;
	if (*p != ' ' || h->method.n == 0)
		return bad(r, ERR_SYNTAX, "bad method");
	r->p = ++p;
	while (p < end && is(*p, IS_TARGET))
		p++;
	h->target = (struct str){ r->p, (size_t)(p - r->p) };
	if (h->target.n > LIMIT_TARGET)
		return bad(r, ERR_LIMIT, "request target too long");
	if (p == end)
		return ERR_AGAIN;
	if (*p != ' ' || h->target.n == 0)
		return bad(r, ERR_SYNTAX, "bad request target");
	r->p = p + 1;
	TRY(read_version(h, r));
	return line_end(r);
}

static bool host_ok(struct str host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!is(host.p[i], IS_HOST))
			return false;
	return host.n > 0;
}

static void split_target(struct http1_head *h, struct str t)
{
	size_t mark = str_chr(t, '?');

	h->path = mark == SIZE_MAX ? t : str_head(t, mark);
	h->query = mark == SIZE_MAX ? str_tail(t, t.n) : str_tail(t, mark + 1);
	if (h->path.n == 0)
		h->path = S("/");
}

/* read_target splits the target into path and query. Of the absolute form the authority has to be
 * the Host field's: whoever routes by the other one would send the request elsewhere. */
static enum err read_target(struct http1_head *h, struct reader *r)
{
	struct str t = h->target, host = h->known[H_HOST];

	if (host.p ? !host_ok(host) : h->minor == 1)
		return bad(r, ERR_SYNTAX, "Host is missing or malformed");
	if (t.p[0] != '/') {
		size_t scheme = str_ieq(str_head(t, 7), S("http://")) ? 7 :
				str_ieq(str_head(t, 8), S("https://")) ? 8 : 0;
		if (scheme == 0 && str_eq(t, S("*")) && str_eq(h->method, S("OPTIONS"))) {
			h->path = t;
			h->query = str_tail(t, 1);
			return OK;
		}
		if (scheme == 0)
			return bad(r, ERR_SYNTAX, "request target is neither a path nor a URL");
		t = str_tail(t, scheme);
		size_t n = 0;
		while (n < t.n && t.p[n] != '/' && t.p[n] != '?')
			n++;
		if (host.p ? !str_ieq(str_head(t, n), host) : !host_ok(str_head(t, n)))
			return bad(r, ERR_SYNTAX, "request target and Host differ");
		t = str_tail(t, n);
	}
	split_target(h, t);
	return OK;
}

/* ---- whole heads ----------------------------------------------------------------------------- */

/* head_pending tells whether the end of a head that was incomplete at from bytes is still missing.
 * So a head that comes byte by byte is searched once and parsed once. */
static enum err head_pending(struct reader *r, struct str in, size_t from)
{
	const char *p = in.p + from;

	while ((p = memchr(p, '\n', (size_t)(r->end - p))) != NULL) {
		size_t at = (size_t)(p - in.p);
		if (at == 0 || p[-1] != '\r')
			return bad(r, ERR_SYNTAX, "a line ends without CR");
		if (at >= 3 && p[-2] == '\n')
			return OK;
		if (++p == r->end)
			break;
	}
	return ERR_AGAIN;
}

static enum err head_begin(struct http1_head *h, struct reader *r, struct str in, size_t from)
{
	size_t n = in.n < LIMIT_HEAD ? in.n : LIMIT_HEAD;

	assert(from <= in.n);
	memset(h->known, 0, sizeof h->known);
	h->method = h->target = h->path = h->query = (struct str){ "", 0 };
	h->status = h->minor = h->n_fields = 0;
	h->framing = HTTP1_NONE;
	h->content_length = 0;
	h->keep_alive = h->expect_continue = false;
	h->head_bytes = 0;
	r->p = in.p;
	r->end = in.p + n;
	if (n == 0)
		return ERR_AGAIN;
	if (from == 0)
		return OK;
	return from < n ? head_pending(r, in, from) : ERR_AGAIN;
}

static enum err head_end(struct http1_head *h, struct reader *r, struct str in, enum err e)
{
	if (e == ERR_AGAIN && in.n >= LIMIT_HEAD)
		return bad(r, ERR_LIMIT, "head too long");
	if (e == OK)
		h->head_bytes = (size_t)(r->p - in.p);
	return e;
}

static enum err parse_request(struct http1_head *h, struct reader *r, struct str in, size_t from)
{
	TRY(head_begin(h, r, in, from));
	TRY(read_request_line(h, r));
	TRY(read_fields(h, r));
	TRY(read_target(h, r));
	TRY(read_framing(h, r, true, HTTP1_NONE));
	read_connection(h, r);
	h->expect_continue = h->minor == 1 && h->known[H_EXPECT].p &&
			     str_ieq(h->known[H_EXPECT], S("100-continue"));
	return OK;
}

enum err http1_request(struct http1_head *h, struct str in, size_t from, const char **out_why)
{
	const char *ignored;
	struct reader r = { .why = out_why ? out_why : &ignored, .once = once_in_request };

	return head_end(h, &r, in, parse_request(h, &r, in, from));
}

static enum err read_status_line(struct http1_head *h, struct reader *r)
{
	TRY(read_version(h, r));
	const char *p = r->p;
	if (p < r->end && p[0] != ' ')
		return bad(r, ERR_SYNTAX, "bad status");
	if (r->end - p < 5)
		return ERR_AGAIN;
	if (p[1] < '1' || p[1] > '5' || p[2] < '0' || p[2] > '9' || p[3] < '0' || p[3] > '9')
		return bad(r, ERR_SYNTAX, "bad status");
	h->status = (unsigned)(p[1] - '0') * 100 + (unsigned)(p[2] - '0') * 10 +
		    (unsigned)(p[3] - '0');
	if (p[4] != ' ' && p[4] != '\r')
		return bad(r, ERR_SYNTAX, "bad status");
	r->p = value_end(p + 4, r->end);
	return line_end(r);
}

static enum err parse_response(struct http1_head *h, struct reader *r, struct str in, size_t from,
			       bool to_head)
{
	TRY(head_begin(h, r, in, from));
	TRY(read_status_line(h, r));
	TRY(read_fields(h, r));
	bool has_body = !to_head && h->status >= 200 && h->status != 204 && h->status != 304;
	TRY(read_framing(h, r, has_body, HTTP1_CLOSE));
	read_connection(h, r);
	return OK;
}

enum err http1_response(struct http1_head *h, struct str in, size_t from, bool to_head,
			const char **out_why)
{
	const char *ignored;
	struct reader r = { .why = out_why ? out_why : &ignored, .once = once_in_response };

	return head_end(h, &r, in, parse_response(h, &r, in, from, to_head));
}

struct str http1_named(const struct http1_head *h, struct str name)
{
	for (unsigned i = 0; name.n && i < h->n_fields; i++)
		if (str_ieq(h->fields[i].name, name))
			return h->fields[i].value;
	return (struct str){ NULL, 0 };
}
