/*
 * codec/http1_words.c - HTTP's small words: tokens, lists, phrases of statuses, queries.
 * Input: hostile.   Runs in: ingress, egress, admin.   Fuzz: fuzz/http1_fuzz.c
 */
#include "codec/http1.h"

#include "codec/http1_chars.h"

bool http1_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i], IS_TOKEN))
			return false;
	return s.n > 0;
}

bool http1_list_has(struct str list, struct str item)
{
	while (list.n) {
		struct str rest, one = str_trim(str_cut(list, ',', &rest));
		if (str_ieq(one, item))
			return true;
		list = rest;
	}
	return false;
}

static const struct {
	unsigned status;
	const char *phrase;
} reasons[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 424, "Failed Dependency" },
	{ 425, "Too Early" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
	{ 529, "Overloaded" },
};

const char *http1_reason(unsigned status)
{
	if (status == 200)
		return "OK";
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].phrase;
	return "";
}

struct str http1_query_get(struct str query, struct str name)
{
	while (query.n) {
		struct str rest, value, one = str_cut(query, '&', &rest);
		if (str_eq(str_cut(one, '=', &value), name))
			return value;
		query = rest;
	}
	return (struct str){ NULL, 0 };
}
