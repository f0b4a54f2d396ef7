/* tests/unit/verify/trusted_root_test.c - the shipped root is the one of its date; others are read strictly. */
#include "edited.h"
#include "kit.h"

#include "crypto/sha256.h"

static struct arena arena;
static struct trusted_root root;
static struct diag d;

static enum err parse(struct str text)
{
	trusted_root_done(&root);
	arena_reset(&arena);
	d = (struct diag){ 0 };
	return trusted_root_parse(&root, text, &arena, &d);
}

/* Whoever changes data/trusted_root.json changes its date in src/verify/shipped.c, and these two lines. */
CASE(shipped_file_and_its_date)
{
	struct str date, text = trusted_root_text(&date);
	uint8_t hash[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	struct buf b;

	sha256(text, hash);
	buf_fixed(&b, hex, sizeof hex);
	buf_addhex(&b, (struct str){ (const char *)hash, sizeof hash });
	CHECK_STR(buf_str(&b), S("6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66"));
	CHECK_STR(date, S("2026-08-21"));
	/* Of the public instance, and not of staging, where anybody may be anybody. */
	CHECK(str_find(text, S("https://fulcio.sigstore.dev")) != SIZE_MAX && str_find(text, S("sigstage")) == SIZE_MAX);
}

/* trusted_root_shipped takes it for granted that the chains hold together: here it is checked. */
CASE(shipped_chains_hold)
{
	struct str date;

	arena_init(&arena, 16 << 20);
	CHECK(parse(trusted_root_text(&date)) == OK && root.date.n == 0);
	CHECK(root.n_logs == 2 && root.n_ctlogs == 2 && root.n_cas == 2 && root.n_tsas == 1 && root.n_skipped == 0);
	CHECK_STR(root.logs[0].name, S("rekor.sigstore.dev"));
	CHECK_STR(root.logs[1].name, S("log2025-1.rekor.sigstore.dev"));
	CHECK(root.logs[0].key.hash == HASH_SHA256 && root.logs[1].key.hash == HASH_NONE);
	CHECK(root.cas[1].n_certs == 2 && root.tsas[0].n_certs == 2);
	/* 2022-12-31T23:59:59.999Z is included. */
	CHECK(root.cas[0].valid.to_ms == INT64_C(1672531199999));
	CHECK(valid_at(&root.cas[0].valid, INT64_C(1672531199999)) && !valid_at(&root.cas[0].valid, INT64_C(1672531200000)));
	CHECK(root.cas[1].valid.to_ms == INT64_MAX);
	trusted_root_done(&root);
	CHECK(trusted_root_shipped(&root, &arena, &d) == OK && root.date.n == 10);
}

static struct str edit(struct buf *out, const char *from, const char *to)
{
	struct str date, text = trusted_root_text(&date);

	return edited(out, text, str_z(from), str_z(to));
}

CASE(refuses)
{
	static const struct {
		const char *from, *to;
		enum err err;
	} edits[] = {
		{ "version=0.1", "version=0.9", ERR_SYNTAX },
		{ "\"start\": \"2021-01-12T11:53:27Z\"", "\"begin\": \"\"", ERR_SYNTAX },
		{ "2021-01-12T11:53:27Z", "2021-01-12", ERR_SYNTAX },
		{ "2021-01-12T11:53:27Z", "2021-01-12T11:53:27", ERR_SYNTAX },
		{ "2021-01-12T11:53:27Z", "2021-13-12T11:53:27Z", ERR_SYNTAX },
		{ "2022-12-31T23:59:59.999Z", "2020-12-31T23:59:59.999Z", ERR_SYNTAX },
		{ "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=", "xNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=",
		  ERR_SYNTAX },
		/* The id of an Ed25519 log holds its name as well. */
		{ "https://log2025-1.rekor.sigstore.dev", "https://log2025-2.rekor.sigstore.dev", ERR_SYNTAX },
		{ "2022-12-31T23:59:59.999Z", "2022-12-31", ERR_SYNTAX },
		{ "\"certificates\": [", "\"certificates\": [], \"x\": [", ERR_SYNTAX },
		{ "\"certChain\"", "\"chain\"", ERR_SYNTAX },
		{ "MIICGjCCAaGg", "MIICGjCCAaGh", ERR_SYNTAX },
		{ "\"tlogs\": [", "\"tlogs\": {}, \"t\": [", ERR_SYNTAX },
	};
	struct buf text;

	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		enum err e = parse(edit(&text, edits[i].from, edits[i].to));
		CHECK(e == edits[i].err && d.text[0] != '\0');
		if (e != edits[i].err)
			fprintf(stderr, "%s -> %s: %s\n", edits[i].from, edits[i].to, d.text);
	}
	/* What is not known cannot be used; what nobody names can be told more. */
	CHECK(parse(edit(&text, "\"hashAlgorithm\": \"SHA2_256\"", "\"hashAlgorithm\": \"SHA2_999\"")) == OK);
	CHECK(root.n_logs == 1 && root.n_skipped == 1);
	CHECK(parse(edit(&text, "\"tlogs\"", "\"operator\": \"x\", \"tlogs\"")) == OK);
	CHECK(parse(S("{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot.v0.2+json\"}")) == OK);
	CHECK(parse(S("[]")) == ERR_SYNTAX);
	buf_free(&text);
	trusted_root_done(&root);
}

/* The first object of a list, n times. */
static struct str many(struct buf *out, const char *list, unsigned n)
{
	struct str date, text = trusted_root_text(&date);
	size_t from = str_find(text, str_z(list)) + strlen(list), at = from, depth = 0;

	do {
		depth += text.p[at] == '{';
		depth -= text.p[at] == '}';
	} while (text.p[at++] != '}' || depth != 0);
	buf_reset(out);
	buf_addf(out, "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\",%s", list);
	for (unsigned i = 0; i < n; i++) {
		buf_add(out, i ? S(",") : S(""));
		buf_add(out, str_head(str_tail(text, from), at - from));
	}
	buf_add(out, S("]}"));
	return buf_str(out);
}

CASE(counts_are_bounded)
{
	static const char *const lists[] = { "\"tlogs\": [", "\"ctlogs\": [", "\"certificateAuthorities\": [",
					     "\"timestampAuthorities\": [" };
	struct buf text;

	buf_init(&text, 4 << 20);
	for (size_t i = 0; i < 4; i++) {
		CHECK(parse(many(&text, lists[i], LIMIT_TRUSTED)) == OK);
		CHECK(parse(many(&text, lists[i], LIMIT_TRUSTED + 1)) == ERR_SYNTAX);
		CHECK(strstr(d.text, "32") != NULL);
	}
	CHECK(parse(many(&text, lists[0], 4000)) == ERR_LIMIT);
	buf_free(&text);
	trusted_root_done(&root);
}

/* A certificate more at the beginning of a list's first chain, which the next one has not issued. */
static enum err with_stranger(struct buf *out, const char *list, const char *of)
{
	struct str date, text = trusted_root_text(&date);
	struct str other = str_tail(text, str_find(text, str_z(of)));
	size_t raw = str_find(other, S("\"rawBytes\"")), at = str_find(text, str_z(list));

	at += str_find(str_tail(text, at), S("\"certificates\": ["));
	at += strlen("\"certificates\": [");
	other = str_tail(other, raw);
	other = str_head(other, str_find(other, S("}")));
	buf_reset(out);
	buf_add(out, str_head(text, at));
	buf_addf(out, "{%.*s},", FMT(other));
	buf_add(out, str_tail(text, at));
	return parse(buf_str(out));
}

CASE(given_chains_hold)
{
	static const char cas[] = "\"certificateAuthorities\"", tsas[] = "\"timestampAuthorities\"";
	static const char id[] = "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=";
	struct buf text;

	buf_init(&text, 1 << 20);
	CHECK(with_stranger(&text, cas, tsas) == ERR_CONFIG && strstr(d.text, "was not issued") != NULL);
	CHECK(with_stranger(&text, tsas, cas) == ERR_CONFIG);
	/* Four bytes of a log's id are enough, and three are not. */
	CHECK(parse(edit(&text, id, "wNI9ag==")) == OK);
	CHECK(parse(edit(&text, id, "wNI9")) == ERR_SYNTAX);
	CHECK(parse(edit(&text, id, "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0A")) == ERR_SYNTAX);
	CHECK(parse(S("{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot.v0.2+json\","
		      "\"certificateAuthorities\":[7]}")) == ERR_SYNTAX && strstr(d.text, "32") != NULL);
	buf_free(&text);
	trusted_root_done(&root);
}

TESTS(CASE_ROW(shipped_file_and_its_date), CASE_ROW(shipped_chains_hold), CASE_ROW(given_chains_hold), CASE_ROW(refuses),
      CASE_ROW(counts_are_bounded))
