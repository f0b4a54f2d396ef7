/* tests/unit/verify/sct_test.c - lists of SCTs, byte by byte, and what they are about. */
#include "forge.h"

enum { ONE = 1 + 32 + 8 + 2 + 2 + 2 + 3 };

static void put(struct buf *b, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		buf_addc(b, (char)(v >> (8 * bytes) & 0xff));
}

/* n SCTs of a version, the i-th of time i. */
static struct str list(struct buf *b, unsigned n, unsigned version)
{
	buf_reset(b);
	put(b, n * (ONE + 2), 2);
	for (unsigned i = 0; i < n; i++) {
		put(b, ONE, 2);
		put(b, version, 1);
		for (unsigned k = 0; k < 32; k++)
			put(b, k, 1);
		put(b, i, 8);
		put(b, 0, 2);
		put(b, 0x0403, 2);
		put(b, 3, 2);
		buf_add(b, S("sig"));
	}
	return buf_str(b);
}

CASE(reads)
{
	struct sct scts[LIMIT_SCTS];
	struct diag d;
	struct buf b;
	unsigned n;

	buf_init(&b, 1 << 16);
	CHECK(sct_list_read(list(&b, 1, 0), scts, &n, &d) == OK && n == 1);
	CHECK(scts[0].ms == 0 && scts[0].log_id.n == 32 && scts[0].hash == 4 && scts[0].sig == 3);
	CHECK_STR(scts[0].signature, S("sig"));
	CHECK(sct_list_read(list(&b, LIMIT_SCTS, 0), scts, &n, &d) == OK && n == LIMIT_SCTS);
	CHECK(scts[LIMIT_SCTS - 1].ms == LIMIT_SCTS - 1);
	CHECK(sct_list_read(list(&b, LIMIT_SCTS + 1, 0), scts, &n, &d) == ERR_SYNTAX);
	/* Another version is another form. */
	CHECK(sct_list_read(list(&b, 2, 1), scts, &n, &d) == OK && n == 0);
	CHECK(sct_list_read(list(&b, 0, 0), scts, &n, &d) == ERR_SYNTAX);
	struct str whole = list(&b, 2, 0);
	for (size_t i = 0; i < whole.n; i++) {
		struct str in = check_guard(str_head(whole, i));
		CHECK(sct_list_read(in, scts, &n, &d) == ERR_SYNTAX);
		check_unguard(in);
	}
	/* One SCT that is too short, in a list of just that length. */
	for (unsigned k = 1; k < ONE; k++) {
		struct str one = str_head(str_tail(list(&b, 1, 0), 4), k);
		char room[ONE + 4] = { 0, (char)(k + 2), 0, (char)k };
		memcpy(room + 4, one.p, k);
		struct str in = check_guard((struct str){ room, k + 4 });
		CHECK(sct_list_read(in, scts, &n, &d) == ERR_SYNTAX);
		check_unguard(in);
	}
	/* An SCT of no bytes, and bytes behind the list. */
	buf_reset(&b);
	put(&b, 2, 2);
	put(&b, 0, 2);
	struct str none = check_guard(buf_str(&b));
	CHECK(sct_list_read(none, scts, &n, &d) == ERR_SYNTAX);
	check_unguard(none);
	(void)list(&b, 1, 0);
	buf_addc(&b, 0);
	CHECK(sct_list_read(buf_str(&b), scts, &n, &d) == ERR_SYNTAX);
	/* Each length is exact: of the list, of an SCT, of its parts. */
	static const size_t lengths[] = { 1, 3, 4 + 42, 4 + 46 };
	for (size_t i = 0; i < 4; i++) {
		for (int by = -1; by <= 1; by += 2) {
			(void)list(&b, 2, 0);
			b.p[lengths[i]] = (char)(b.p[lengths[i]] + by);
			CHECK(sct_list_read(buf_str(&b), scts, &n, &d) == ERR_SYNTAX);
		}
	}
	buf_free(&b);
}

/* ---- the certificate's DER, of which the extension is cut out ---- */

static struct forge forge;
static struct certificate c;

static enum err check_of(struct str der)
{
	const struct trusted_log *log;
	struct diag d = { 0 };
	int64_t ms;

	c.der = der;
	return sct_check(&c, &forge.root.cas[0], &forge.root, &forge.a, &log, &ms, &d);
}

/* An element with a head of our own: size bytes of length. */
static struct str wrap(unsigned tag, struct str content, unsigned size)
{
	struct buf out;

	buf_fixed(&out, arena_take(&forge.a, content.n + 8, 1), content.n + 8);
	put(&out, tag, 1);
	if (size != 0)
		put(&out, 0x80 | size, 1);
	put(&out, content.n, size ? size : 1);
	buf_add(&out, content);
	return buf_str(&out);
}

static struct str joined(struct str a, struct str b)
{
	struct buf out;

	buf_fixed(&out, arena_take(&forge.a, a.n + b.n + 1, 1), a.n + b.n + 1);
	buf_add(&out, a);
	buf_add(&out, b);
	return buf_str(&out);
}

/* The forged certificate's heads of certificate, TBS, extensions and their list have four bytes each. */
struct parts {
	struct str before, list, behind; /* behind: algorithm and signature */
};

static size_t length_at(struct str s, size_t at)
{
	return (size_t)(unsigned char)s.p[at + 2] << 8 | (unsigned char)s.p[at + 3];
}

static void take_apart(struct str der, struct parts *p)
{
	size_t tbs = 8, end = tbs + length_at(der, 4), at = tbs;

	while (der.p[at] != (char)0xa3 || der.p[at + 1] != (char)0x82 || at + 4 + length_at(der, at) != end)
		at++;
	p->before = str_head(str_tail(der, tbs), at - tbs);
	p->list = str_head(str_tail(der, at + 8), end - at - 8);
	p->behind = str_tail(der, end);
}

struct heads {
	unsigned cert, tbs, explicit, list, tag;
	const char *in_tbs, *in_explicit; /* two bytes more */
};

static struct str together(const struct parts *p, const struct heads *h)
{
	struct str in_tbs = { h->in_tbs, h->in_tbs ? 2 : 0 }, in_explicit = { h->in_explicit, h->in_explicit ? 2 : 0 };
	struct str list = wrap(h->tag, p->list, h->list);
	struct str more = wrap(0xa3, joined(list, in_explicit), h->explicit);
	struct str tbs = wrap(0x30, joined(p->before, joined(more, in_tbs)), h->tbs);

	return wrap(0x30, joined(tbs, p->behind), h->cert);
}

/* The number of the extension that is cut out, with a length of two bytes where one will do. */
static struct str with_long_oid(struct str extensions)
{
	size_t at = str_find(extensions, S("\x06\x0a\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"));
	char head[] = { 0x30, (char)0x81, (char)(extensions.p[at - 1] + 1), 0x06, (char)0x81, 0x0a };

	CHECK(extensions.p[at - 2] == (char)0x81);
	return joined(joined(str_head(extensions, at - 3), (struct str){ head, sizeof head }), str_tail(extensions, at + 2));
}

CASE(certificates_are_der)
{
	static const struct heads wrong[] = {
		{ 3, 2, 2, 2, 0x30, NULL, NULL }, /* lengths of three bytes where two will do */
		{ 2, 3, 2, 2, 0x30, NULL, NULL },
		{ 2, 2, 3, 2, 0x30, NULL, NULL },
		{ 2, 2, 2, 3, 0x30, NULL, NULL },
		{ 4, 2, 2, 2, 0x30, NULL, NULL },
		{ 2, 2, 2, 2, 0x31, NULL, NULL }, /* a SET */
		{ 2, 2, 2, 2, 0x30, "\5\0", NULL },
		{ 2, 2, 2, 2, 0x30, NULL, "\5\0" },
	};
	const struct heads right = { 2, 2, 2, 2, 0x30, NULL, NULL };
	struct parts p;
	struct diag d;

	forge_begin(&forge);
	forge_make(&forge, NONE);
	struct str der = forge.b.certs[0];
	CHECK(certificate_read(&c, der, &forge.a, &d) == OK && check_of(der) == OK);
	take_apart(der, &p);
	CHECK_STR(together(&p, &right), der);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK(check_of(together(&p, &wrong[i])) == ERR_SYNTAX);
	p.list = with_long_oid(p.list);
	CHECK(check_of(together(&p, &right)) == ERR_SYNTAX);
	/* Cut anywhere; where the certificate ends with the extensions, nothing is missing that was signed. */
	for (size_t n = 0; n < der.n; n++) {
		struct str in = check_guard(str_head(der, n));
		CHECK(check_of(in) != OK);
		check_unguard(in);
	}
	/* No length is told. */
	CHECK(check_of(S("\x30\x80")) == ERR_SYNTAX && check_of(S("\x30\x80\x30\x80\0\0")) == ERR_SYNTAX);
	certificate_done(&c);
	forge_done(&forge);
}

/* RFC 6962, 2.1.4: a log signs with P-256 and SHA-256, or RSA. */
CASE(logs_have_their_curve)
{
	EVP_PKEY *was = forge.keys[F_CT];
	struct diag d;

	forge.keys[F_CT] = EVP_EC_gen("P-384");
	forge_make(&forge, NONE);
	CHECK(certificate_read(&c, forge.b.certs[0], &forge.a, &d) == OK && check_of(forge.b.certs[0]) == ERR_AUTH);
	certificate_done(&c);
	forge_done(&forge);
	EVP_PKEY_free(forge.keys[F_CT]);
	forge.keys[F_CT] = was;
}

TESTS(CASE_ROW(reads), CASE_ROW(certificates_are_der), CASE_ROW(logs_have_their_curve))
