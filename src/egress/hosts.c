/*
 * egress/hosts.c - the system's files of names. hosts: an address and its names a line, '#' begins
 * a comment; resolv.conf: a word and its values a line. Pure.
 * Input: trusted (the operator's).   Runs in: egress.
 */
#include "egress/hosts.h"

#include "base/num.h"

#include <string.h>

enum { SERVERS = 8, DNS_PORT = 53 };

void addresses_add(struct addresses *list, const struct address *a)
{
	size_t n = a->v6 ? 16 : 4;

	for (unsigned i = 0; i < list->n; i++)
		if (list->list[i].v6 == a->v6 && memcmp(list->list[i].bytes, a->bytes, n) == 0)
			return;
	if (list->n < ADDRESSES)
		list->list[list->n++] = *a;
}

/* next_word takes the next word off *line; n 0: none is left. */
static struct str next_word(struct str *line)
{
	struct str s = str_trim(*line);
	size_t n = 0;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t' && s.p[n] != '\r')
		n++;
	*line = str_tail(s, n < s.n && s.p[n] == '\r' ? s.n : n);
	return str_head(s, n);
}

bool hosts_find(struct str text, struct str name, struct addresses *out)
{
	struct addresses found = { .n = 0 };

	while (text.n) {
		struct str ignored, line = str_cut(str_cut(text, '\n', &text), '#', &ignored), word;
		struct address a;
		if (address_parse(next_word(&line), &a) != OK)
			continue;
		while ((word = next_word(&line)).n)
			if (str_ieq(word, name))
				addresses_add(&found, &a);
	}
	if (found.n)
		*out = found;
	return found.n > 0;
}

/* server_read takes "address" or "[address]:port". */
static bool server_read(struct str word, struct str *out_host, uint64_t *out_port)
{
	struct address a;
	bool closed = word.n > 0 && word.p[0] == '[';
	struct str rest = S("");

	*out_host = closed ? str_cut(str_tail(word, 1), ']', &rest) : word;
	*out_port = DNS_PORT;
	if (rest.n > 0 &&
	    (rest.p[0] != ':' || num_u64(str_tail(rest, 1), UINT16_MAX, out_port) != OK))
		return false;
	return address_parse(*out_host, &a) == OK;
}

void resolv_servers(struct str text, struct buf *out)
{
	unsigned n = 0;

	while (text.n && n < SERVERS) {
		struct str line = str_cut(text, '\n', &text), host;
		uint64_t port;
		if (!str_eq(next_word(&line), S("nameserver")) ||
		    !server_read(next_word(&line), &host, &port))
			continue;
		bool v6 = memchr(host.p, ':', host.n) != NULL;
		buf_addf(out, "%s%s%.*s%s:%u", n++ > 0 ? "," : "", v6 ? "[" : "", FMT(host),
			 v6 ? "]" : "", (unsigned)port);
	}
}
