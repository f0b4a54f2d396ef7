/* tests/unit/llm/media_test.c - media types and data URLs, also as clients escape them. */
#include "llm/llm.h"

#include "tests/unit/check.h"

CASE(media_types)
{
	static const struct str good[] = { SC("image/png"), SC("audio/pcm;rate=16000"),
					   SC("text/plain; charset=utf-8"),
					   SC("application/vnd.ms-excel.sheet+xml") };
	static const struct str bad[] = { SC(""),	    SC("image"),	SC("/png"),
					  SC("image/"),	    SC("a;/plain"),	SC("im ge/png"),
					  SC("a/b,c"),	    SC("a/b;c,base64"), SC("a/b/c"),
					  SC("image\\/png") };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		CHECK(llm_is_mime(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(!llm_is_mime(bad[i]));
}

CASE(escapes)
{
	struct arena a;

	arena_init(&a, 1 << 12);
	CHECK_STR(llm_plain_esc(&a, S("image\\/png")), S("image/png"));
	CHECK_STR(llm_plain_esc(&a, S("\\u0069mage/png")), S("image/png"));
	CHECK_STR(llm_plain_esc(&a, S("a\\\"b\\/")), S("a\\\"b\\/"));
	CHECK_STR(llm_plain_esc(&a, S("a\\u0001")), S("a\\u0001"));
	CHECK_STR(llm_plain_esc(&a, S("image/png")), S("image/png"));
	CHECK(llm_plain_esc(&a, (struct str){ NULL, 0 }).p == NULL);
	arena_done(&a);
}

/* PHP escapes every slash: a request that does so means the same. */
CASE(escaped_requests)
{
	static const struct str requests[DIALECT_COUNT] = {
		[DIALECT_OPENAI] = SC(
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
			"\"image_url\","
			"\"image_url\":{\"url\":\"data:image\\/png;base64,AA==\"}}]}]}"),
		[DIALECT_ANTHROPIC] = SC("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{"
					 "\"role\":\"user\",\"content\":[{\"type\":\"image\","
					 "\"source\":{\"type\":\"base64\",\"media_type\":\"image\\/"
					 "png\",\"data\":\"AA==\"}}]}]}"),
		[DIALECT_GEMINI] = SC("{\"contents\":[{\"role\":\"user\",\"parts\":[{"
				      "\"inlineData\":{\"mimeType\":"
				      "\"image\\/png\",\"data\":\"AA==\"}}]}]}"),
	};

	for (unsigned from = 0; from < DIALECT_COUNT; from++)
		for (unsigned to = 0; to < DIALECT_COUNT; to++) {
			struct arena a;
			struct diag d = { 0 };
			struct llm_request r;
			const struct json *root = NULL;
			struct buf out;

			arena_init(&a, 1 << 20);
			buf_init(&out, 1 << 20);
			struct llm_opts o = {
				.model = S("m"), .arena = &a, .diag = &d, .default_max_tokens = 1
			};
			CHECK(json_read(&a, requests[from], &root, NULL) == OK);
			CHECK(dialects[from]->decode_request(root, &r, &a, &d) == OK);
			CHECK(dialects[to]->encode_request(&r, &o, &out) == OK);
			CHECK(str_find(buf_str(&out), S("image/png")) != SIZE_MAX);
			buf_free(&out);
			arena_done(&a);
		}
}

TESTS(CASE_ROW(media_types), CASE_ROW(escapes), CASE_ROW(escaped_requests))
