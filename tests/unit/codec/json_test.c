/* tests/unit/codec/json_test.c */
#include "base/limits.h"
#include "codec/json.h"
#include "codec/json_scan.h"

#include "../check.h"

static json_scan_fn *const scanners[] = { json_scan_bytes, json_scan_words, NULL };

/* Parses z, which ends at a guard page, with every scanner; they must agree. */
static enum err verdict_of(struct str text, size_t *out_at)
{
	struct json toks[64];
	struct str g = check_guard(text);
	size_t n = 0, at = SIZE_MAX;
	enum err first = json_parse(g, toks, 64, &n, &at);

	for (size_t i = 0; scanners[i] != NULL; i++) {
		size_t n2 = 0, at2 = SIZE_MAX;
		CHECK(json_parse_with(scanners[i], g, toks, 64, &n2, &at2) == first);
		CHECK(n == n2 && at == at2);
	}
	check_unguard(g);
	if (out_at != NULL)
		*out_at = at;
	return first;
}

static bool ok(const char *z)
{
	return verdict_of(str_z(z), NULL) == OK;
}

/* The offset at which z is refused. */
static size_t bad_at(const char *z)
{
	size_t at;

	return verdict_of(str_z(z), &at) == ERR_SYNTAX ? at : SIZE_MAX;
}

static const struct json *root(struct arena *a, const char *z)
{
	const struct json *v = NULL;

	CHECK(json_read(a, str_z(z), &v, NULL) == OK);
	if (v == NULL)
		abort();
	return v;
}

CASE(values)
{
	CHECK(ok("null") && ok(" true ") && ok("\t\r\nfalse\n") && ok("0") && ok("-0") &&
	      ok("\"\""));
	CHECK(ok("[]") && ok("[ ]") && ok("{}") && ok("{ }") && ok("[1,2]") &&
	      ok("{\"a\":1 , \"b\" : [ ]}"));
	CHECK(ok("1.5e+10") && ok("-1E-2") && ok("1e5") && ok("0.0"));
	CHECK(bad_at("") == 0 && bad_at(" ") == 1 && bad_at("nul") == 3 && bad_at("nulL") == 3);
	CHECK(bad_at("[1,]") == 3 && bad_at("[,1]") == 1 && bad_at("[1 2]") == 3 &&
	      bad_at("[1}") == 2);
	CHECK(bad_at("{\"a\":1,}") == 7 && bad_at("{\"a\"}") == 4 && bad_at("{a:1}") == 1);
	CHECK(bad_at("{\"a\":}") == 5 && bad_at("[") == 1 && bad_at("{") == 1 && bad_at("]") == 0);
	CHECK(bad_at("1 2") == 2 && bad_at("\xef\xbb\xbf{}") == 0 && bad_at("[1]x") == 3);
	CHECK(bad_at("[1\f]") == 2 && bad_at("\xc2\xa0" "1") == 0);
}

CASE(numbers)
{
	CHECK(bad_at("01") == 1 && bad_at("-") == 1 && bad_at("+1") == 0 && bad_at(".5") == 0);
	CHECK(bad_at("1.") == 2 && bad_at("1.e1") == 2 && bad_at("1e") == 2 && bad_at("1e+") == 3);
	CHECK(bad_at("0x1") == 1 && bad_at("NaN") == 0 && bad_at("-Infinity") == 1 &&
	      bad_at("--1") == 1);
}

CASE(strings)
{
	CHECK(ok("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u0000\""));
	CHECK(ok("\"\\ud83d\\ude00\"") && ok("\"\xf0\x9f\x98\x80\xc3\xa9\x7f\""));
	CHECK(bad_at("\"") == 1 && bad_at("\"a") == 2 && bad_at("\"a\n\"") == 2 &&
	      bad_at("\"\\x\"") == 1);
	CHECK(bad_at("\"\\u12g4\"") == 1 && bad_at("\"\\u123\"") == 1 && bad_at("\"\\") == 1);
	CHECK(bad_at("\"\\ud800\"") == 1 && bad_at("\"a\\udc00\"") == 2 &&
	      bad_at("\"\\ud800\\u0041\"") == 1);
	CHECK(bad_at("\"\\ud800\\ud800\"") == 1);
	CHECK(bad_at("\"a\xff\"") == 2 && bad_at("\"\xed\xa0\x80\"") == 1 &&
	      bad_at("\"\xc0\x80\"") == 1);
	CHECK(bad_at("\"\xc3\"") == 1);
	CHECK(verdict_of((struct str){ "\"a\0b\"", 5 }, NULL) == ERR_SYNTAX);
}

/* Something to stop at, at every place relative to the blocks that the scanners read. */
CASE(every_place)
{
	char text[200];

	for (size_t n = 0; n < 150; n++) {
		text[0] = '"';
		memset(text + 1, 'x', sizeof text - 1);
		text[n + 1] = '"';
		CHECK(verdict_of((struct str){ text, n + 2 }, NULL) == OK);
		CHECK(verdict_of((struct str){ text, n + 1 }, NULL) == ERR_SYNTAX);
		text[140 + 20] = '"';
		size_t at;
		static const char bad[] = { '\n', 0, 31, '\\', '\xff', '\x80' };
		for (size_t i = 0; i < sizeof bad && n < 140; i++) {
			text[n + 1] = bad[i];
			CHECK(verdict_of((struct str){ text, 161 }, &at) == ERR_SYNTAX &&
			      at == n + 1);
		}
		if (n >= 140)
			continue;
		memcpy(text + 1 + n, "\\\\", 2);
		CHECK(verdict_of((struct str){ text, 161 }, NULL) == OK);
		memcpy(text + 1 + n, "\\ud83d\\ude00", 12);
		CHECK(verdict_of((struct str){ text, 161 }, NULL) == OK);
		memcpy(text + 1 + n, "\\udc00\\ud83d", 12);
		CHECK(verdict_of((struct str){ text, 161 }, &at) == ERR_SYNTAX && at == n + 1);
		memset(text + 1 + n, 'x', 12);
		for (size_t run = 1; run < 14; run++) {
			memset(text + 1 + n, '\\', run);
			memcpy(text + 1 + n + run, "\"z", 2);
			struct str t = { text, n + run + 2 }; /* ends behind that quote */
			CHECK(verdict_of(t, NULL) == (run % 2 ? ERR_SYNTAX : OK));
			t.n = 161;
			CHECK(verdict_of(t, NULL) == (run % 2 ? OK : ERR_SYNTAX));
			t.n = n + run + 1; /* ends behind the run */
			CHECK(verdict_of(t, &at) == ERR_SYNTAX && at == t.n - run % 2);
			memset(text + 1 + n, 'x', run + 1);
		}
		memcpy(text + 1 + n, "\xf0\x9f\x98\x80zzzzzzzz", 12);
		CHECK(verdict_of((struct str){ text, 161 }, NULL) == OK);
	}
}

CASE(duplicate_names)
{
	CHECK(bad_at("{\"a\":1,\"a\":2}") == 7);
	CHECK(bad_at("{\"a\":1,\"\\u0061\":2}") == 7 && bad_at("{\"\\u0061\":1,\"a\":2}") == 12);
	CHECK(bad_at("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}") != SIZE_MAX);
	CHECK(bad_at("{\"\":1,\"\":2}") == 6 &&
	      bad_at("[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]") != SIZE_MAX);
	CHECK(ok("{\"a\":1,\"A\":2,\"aa\":3,\"\":4,\"\\u0000\":5,\"b\":{\"a\":6}}"));
	CHECK(ok("{\"\\n\":1,\"n\":2,\"\\\\n\":3}"));
}

static void many_names(size_t n, size_t twice, enum err want)
{
	static char text[4 << 20];
	static struct json toks[400010];
	struct buf b;
	struct str s;
	size_t got, at;

	buf_fixed(&b, text, sizeof text);
	for (size_t i = 0; i < n; i++) {
		buf_addc(&b, i ? ',' : '{');
		buf_addf(&b, "\"%s%zu\":%zu", i % 3 ? "n" : "\\u006e", i == n - 1 ? twice : i, i);
	}
	buf_addc(&b, '}');
	CHECK(buf_finish(&b, &s) == OK);
	CHECK(json_parse(s, toks, 400010, &got, &at) == want);
	if (want != OK)
		CHECK(s.p[at] == '"' && str_find(str_tail(s, at + 1), S("\"")) < 20 &&
		      at + 30 > s.n);
	else
		for (size_t i = 0; i < got; i++)
			CHECK(toks[i].skip == (i ? 1 : got));
}

CASE(large_objects)
{
	for (size_t n = 12; n < 70; n++) {
		many_names(n, n - 1, OK);
		many_names(n, n / 2, ERR_SYNTAX);
	}
	many_names(2000, 1999, OK);
	many_names(2000, 0, ERR_SYNTAX);
	many_names(150000, 149999, OK);
	many_names(150000, 149998, ERR_SYNTAX);
}

CASE(limits)
{
	char text[2 * LIMIT_JSON_DEPTH + 4];
	struct json toks[300];
	size_t n = 0, at = 0;

	for (size_t d = LIMIT_JSON_DEPTH - 1; d <= LIMIT_JSON_DEPTH + 1; d++) {
		memset(text, '[', d);
		memset(text + d, ']', d);
		enum err e = json_parse((struct str){ text, 2 * d }, toks, 300, &n, &at);
		CHECK(e == (d <= LIMIT_JSON_DEPTH ? OK : ERR_LIMIT));
	}
	CHECK(at == LIMIT_JSON_DEPTH);
	CHECK(json_parse(S("[1,2]"), toks, 3, &n, &at) == OK && n == 3);
	CHECK(json_parse(S("[1,2]"), toks, 2, &n, &at) == ERR_LIMIT && at == 3);
	CHECK(json_parse(S("1"), toks, 0, &n, NULL) == ERR_LIMIT);
}

CASE(walking)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	const struct json *v = root(&a, " {\"a\":[1,[2,3],{}],\"b\":{\"c\":null},"
					"\"\\u0064\":\"x\\ny\"} ");
	CHECK(json_count(v) == 3 && v->skip == 14);
	CHECK(json_count(json_get(v, S("a"))) == 3 && json_count(json_get(v, S("d"))) == 0);
	CHECK_STR(json_raw(json_get(v, S("a"))), S("[1,[2,3],{}]"));
	CHECK_STR(json_raw(json_get(v, S("d"))), S("\"x\\ny\""));
	CHECK_STR(json_esc(json_get(v, S("d"))), S("x\\ny"));
	CHECK_STR(json_str(&a, json_get(v, S("d"))), S("x\ny"));
	CHECK(json_str_eq(json_get(v, S("d")), S("x\ny")) &&
	      !json_str_eq(json_get(v, S("d")), S("x\\ny")));
	CHECK(json_is(json_get(json_get(v, S("b")), S("c")), JSON_NULL));
	CHECK(json_get(v, S("zz")) == NULL && json_get(NULL, S("a")) == NULL &&
	      json_esc(NULL).n == 0);
	CHECK(json_str(&a, v).p == NULL && json_str(&a, NULL).p == NULL);
	CHECK(!json_bool(NULL) && json_bool(root(&a, "true")) && !json_bool(root(&a, "1")));
	size_t items = 0;
	JSON_EACH_ITEM(json_get(v, S("a")), it)
		items += it->type == JSON_NUMBER || json_count(it) != 1;
	CHECK(items == 3);
	CHECK_STR(json_str(&a, root(&a, "\"\\ud83d\\ude00\\u00e9\\u20ac\\/\"")),
		  S("\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac/"));
	arena_done(&a);
}

/* The array of values grows while it is read. */
CASE(read_grows)
{
	static char text[40000];
	struct arena a;
	const struct json *v = NULL;
	struct buf b;

	buf_fixed(&b, text, sizeof text);
	for (size_t i = 0; i < 10000; i++)
		buf_add(&b, i ? S(",[]") : S("[{}"));
	buf_addc(&b, ']');
	arena_init(&a, 4 << 20);
	CHECK(json_read(&a, buf_str(&b), &v, NULL) == OK && json_count(v) == 10000 &&
	      v->skip == 10001);
	arena_done(&a);
	arena_init(&a, 64 << 10);
	CHECK(json_read(&a, buf_str(&b), &v, NULL) == ERR_NOMEM);
	arena_done(&a);
}

static int64_t whole(const char *z)
{
	struct json v;
	size_t n;
	int64_t out = -77;

	CHECK(json_parse(str_z(z), &v, 1, &n, NULL) == OK);
	return json_i64(&v, &out) == OK ? out : -77;
}

CASE(integers)
{
	CHECK(whole("0") == 0 && whole("-0") == 0 && whole("1.0") == 1 && whole("1e2") == 100);
	CHECK(whole("120e-1") == 12 && whole("12000.00e-3") == 12 && whole("0.5e1") == 5);
	CHECK(whole("0.00e999999999999999999999") == 0 && whole("0e-9") == 0 &&
	      whole("-1.5e1") == -15);
	CHECK(whole("9223372036854775807") == INT64_MAX &&
	      whole("-9223372036854775808") == INT64_MIN);
	CHECK(whole("9223372036854775808") == -77 && whole("-9223372036854775809") == -77);
	CHECK(whole("1.5") == -77 && whole("1e-1") == -77 && whole("1e19") == -77 &&
	      whole("1e99999999999") == -77);
	CHECK(whole("1000000000000000000000e-20") == 10 && whole("\"1\"") == -77);
}

CASE(skipping)
{
	static const struct str texts[] = {
		SC("{}"), SC("[[],{}]"), SC("{\"]\":\"}\"}"), SC("[\"\\\"]\",\"\\\\\"]"),
		SC("[\"\\\\\\\"]\\\\\"]"), SC("{\"a\":[[[[\"{\"]]]],\"b\":{}}"),
	};
	char text[512];

	/* At every place of a block, and at the end of readable memory. */
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		for (size_t pad = 0; pad < 140; pad++) {
			memset(text, 'x', sizeof text);
			memcpy(text, "[\"", 2);
			memcpy(text + 2 + pad, "\",", 2);
			memcpy(text + 4 + pad, texts[i].p, texts[i].n);
			text[4 + pad + texts[i].n] = ']';
			struct str all = check_guard((struct str){ text, 5 + pad + texts[i].n });
			const char *end = all.p + all.n;
			CHECK(json_skip(all.p, end) == end && json_skip_any(all.p, end) == end);
			CHECK(json_skip(all.p + 4 + pad, end) == end - 1);
			CHECK(json_skip_any(all.p + 4 + pad, end) == end - 1);
			CHECK(json_skip(all.p, end - 1) == NULL);
			CHECK(json_skip_any(all.p, end - 1) == NULL);
			check_unguard(all);
		}
	}
}

CASE(skimming)
{
	static const struct str deep[] = { SC("usage"), SC("") };
	static const char *const bad[] = {
		"[]", "{\"a\":[}", "{\"a\":[]", "{\"a\":[]]}", "{\"a\":[],\"\\u0061\":1}",
		"{\"a\":[]}x", "{\"usage\":[1,]}", "{\"us\\u0061ge\":{\"a\":01}}", "{\"a\":01}", "",
	};
	const struct json *root;
	struct arena a;

	arena_init(&a, 1 << 20);
	CHECK(json_skim(&a, S("{\"choices\":[nonsense],\"usage\":{\"a\":[1]},\"n\":2}"), deep,
			&root) == OK);
	CHECK(root->skip == 10 && json_is(json_get(root, S("choices")), JSON_ARRAY));
	CHECK_STR(json_raw(json_get(root, S("choices"))), S("[nonsense]"));
	CHECK(json_count(json_get(json_get(root, S("usage")), S("a"))) == 1);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(json_skim(&a, str_z(bad[i]), deep, &root) != OK);
	arena_done(&a);
}

TESTS(CASE_ROW(skipping), CASE_ROW(skimming), CASE_ROW(values), CASE_ROW(numbers), CASE_ROW(strings), CASE_ROW(every_place),
      CASE_ROW(duplicate_names), CASE_ROW(large_objects), CASE_ROW(limits), CASE_ROW(walking),
      CASE_ROW(read_grows), CASE_ROW(integers))
