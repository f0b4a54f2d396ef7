/*
 * codec/url.c - URLs of configuration and percent-encoding. Where RFC 3986 and browsers read a URL
 * differently, it is refused: a host must be the same host for everybody.
 * Input: hostile.   Runs in: keeper, ingress, cli.   Fuzz: fuzz/url_fuzz.c
 */
#include "codec/url.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <string.h>

enum { HOST_MAX = 253, LABEL_MAX = 63 }; /* RFC 1035, 2.3.4, as text */

static bool is_unreserved(char c)
{
	return ascii_alnum(c) || (c != 0 && strchr("-._~", c) != NULL);
}

/* family's presentation form and nothing else: no zone, no short or octal IPv4. */
static bool is_address(int family, struct str s)
{
	char z[INET6_ADDRSTRLEN], bin[16];

	if (s.n == 0 || s.n >= sizeof z || memchr(s.p, 0, s.n) != NULL)
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	return inet_pton(family, z, bin) == 1;
}

static bool is_label(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return true;
}

/* WHATWG URL, "ends in a number checker": 127.1, 0x7f.1 and 2130706433 are addresses to some
 * readers. */
static bool looks_numeric(struct str label)
{
	if (str_has_prefix(label, S("0x")) || str_has_prefix(label, S("0X")))
		return true;
	for (size_t i = 0; i < label.n; i++)
		if (label.p[i] < '0' || label.p[i] > '9')
			return false;
	return true;
}

static bool is_host(struct str host)
{
	struct str label = { host.p, 0 }, rest = host;

	if (host.n == 0 || host.n > HOST_MAX || host.p[host.n - 1] == '.')
		return false;
	while (rest.n != 0) {
		label = str_cut(rest, '.', &rest);
		if (!is_label(label))
			return false;
	}
	return !looks_numeric(label) || is_address(AF_INET, host);
}

/* Path or query: pchar of RFC 3986 and "/" (and "?" in a query), each % with two hexadecimal
 * digits. */
static bool is_path(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '%') {
			if (s.n - i < 3 || num_hex(s.p[i + 1]) < 0 || num_hex(s.p[i + 2]) < 0)
				return false;
			i += 2;
		} else if (!is_unreserved(c) && (c == 0 || strchr("!$&'()*+,;=:@/?", c) == NULL)) {
			return false;
		}
	}
	return true;
}

static enum err read_authority(struct url *u, struct str s)
{
	struct str port = { NULL, 0 };
	uint64_t number;

	if (s.n && s.p[0] == '[') {
		size_t end = str_chr(s, ']');
		if (end == SIZE_MAX)
			return ERR_SYNTAX;
		u->host = (struct str){ s.p + 1, end - 1 };
		u->ipv6 = true;
		if (!is_address(AF_INET6, u->host))
			return ERR_SYNTAX;
		s = str_tail(s, end + 1);
		if (s.n && s.p[0] != ':')
			return ERR_SYNTAX;
		if (s.n)
			port = s;
	} else {
		size_t colon = str_chr(s, ':');
		u->host = colon == SIZE_MAX ? s : str_head(s, colon);
		if (colon != SIZE_MAX)
			port = str_tail(s, colon);
		if (!is_host(u->host))
			return ERR_SYNTAX;
	}
	u->port = u->https ? 443 : 80;
	if (port.p == NULL)
		return OK;
	if (num_u64(str_tail(port, 1), UINT16_MAX, &number) != OK || number == 0)
		return ERR_SYNTAX;
	u->port = (uint16_t)number;
	return OK;
}

enum err url_parse(struct url *u, struct str s)
{
	struct url r = { 0 };

	if (s.n > LIMIT_URL)
		return ERR_LIMIT;
	if (str_ieq(str_head(s, 8), S("https://"))) {
		r.https = true;
		s = str_tail(s, 8);
	} else if (str_ieq(str_head(s, 7), S("http://"))) {
		s = str_tail(s, 7);
	} else {
		return ERR_SYNTAX;
	}
	size_t end = 0;
	while (end < s.n && s.p[end] != '/' && s.p[end] != '?')
		end++;
	TRY(read_authority(&r, str_head(s, end)));
	r.path = str_cut(str_tail(s, end), '?', &r.query);
	if (!is_path(r.path) || !is_path(r.query))
		return ERR_SYNTAX;
	while (r.path.n && r.path.p[r.path.n - 1] == '/')
		r.path.n--;
	*u = r;
	return OK;
}

void url_decode(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			buf_addc(out, s.p[i]);
			continue;
		}
		int hi = s.n - i >= 3 ? num_hex(s.p[i + 1]) : -1;
		int lo = s.n - i >= 3 ? num_hex(s.p[i + 2]) : -1;
		if (hi < 0 || lo < 0 || hi + lo == 0) {
			if (out->err == OK)
				out->err = ERR_SYNTAX;
			return;
		}
		buf_addc(out, (char)(hi << 4 | lo));
		i += 2;
	}
}

void url_encode(struct buf *out, struct str s, struct str keep)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (is_unreserved(s.p[i]) || str_chr(keep, s.p[i]) != SIZE_MAX) {
			buf_addc(out, s.p[i]);
		} else {
			char esc[3] = { '%', digits[c >> 4], digits[c & 15] };
			buf_add(out, (struct str){ esc, sizeof esc });
		}
	}
}
