/* tests/unit/llm/scrub_test.c - keys in providers' errors. Proves T-06. */
#include "llm/scrub.h"

#include "../check.h"

static void check(const char *in, const char *want)
{
	struct arena a;
	struct str s = check_guard(str_z(in));

	arena_init(&a, 1 << 16);
	CHECK_STR(llm_scrub(s, &a), str_z(want));
	arena_done(&a);
	check_unguard(s);
}

CASE(keys)
{
	check("Incorrect API key provided: sk-ab***yz. You can find", "Incorrect API key provided: [key removed] You can find");
	check("provided: sk-proj-********************AbCd", "provided: [key removed]");
	check("\"sk-ant-api03-aaaa_bbbb-cc\"", "\"[key removed]\"");
	check("AIzaSyA1234567890-abc_def is not valid", "[key removed] is not valid");
	check("line\\nsk-abcdef", "line\\n[key removed]");
	check("\\u0022gsk_12345678\\u0022", "\\u0022[key removed]\\u0022");
	check("Authorization: Bearer my1secret2token", "Authorization: Bearer [key removed]");
	check("my****et", "[key removed]");
	check("a=sk-1234567,b=sk-7654321", "a=[key removed],b=[key removed]");
	check("sk-1234", "[key removed]");
}

CASE(others_stay)
{
	static const char *const all[] = {
		"", "s", "\\", "\\u00", "{\"error\":{\"message\":\"Rate limit reached for gpt-4o in org-abc123\"}}",
		"task-based risk-free desk-bound", "**bold** and ***", "req_011CSHoEeqs5C35K2UUqR7Fy", "sk-", "sk-abc",
		"Bearer authentication is required", "generativelanguage.googleapis.com/generate_content_free_tier_requests",
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		check(all[i], all[i]);
}

TESTS(CASE_ROW(keys), CASE_ROW(others_stay))
