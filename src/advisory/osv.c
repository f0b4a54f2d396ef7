/*
 * advisory/osv.c - one advisory record in OSV's JSON.
 * Input: hostile.   Runs in: indexer, cli.   Fuzz: fuzz/osv_fuzz.c
 */
#include "advisory/osv.h"

#include "base/date.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "package/version_key.h"

#include <stdlib.h>
#include <string.h>

/* ---- small things ---- */

/* text gives a string member, "" where there is none. Never p NULL but for lack of memory. */
static struct str text_of(struct arena *a, const struct json *obj, struct str name)
{
	const struct json *v = json_get(obj, name);

	return json_is(v, JSON_STRING) ? json_str(a, v) : S("");
}

/* time_of reads a time in RFC 3339. 0: it is none. */
static int64_t time_of(struct str s)
{
	int64_t at;

	return date_parse(s, &at) == OK && at > 0 ? at : 0;
}

/* id_ok: what may be an id is visible ASCII, so that it can be printed and looked up. */
static bool id_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= OSV_ID;
}

/* shortened cuts a text at max bytes, not within a character, and puts spaces where it has control
 * characters. */
static struct str shortened(struct arena *a, struct str s, size_t max)
{
	struct str out = str_head(s, max);

	while (out.n < s.n && out.n && ((unsigned char)s.p[out.n] & 0xc0) == 0x80)
		out.n--;
	out = arena_dup(a, out);
	for (size_t i = 0; out.p && i < out.n; i++) {
		char *at = (char *)(uintptr_t)out.p + i;
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	}
	return out;
}

/* ---- ranges ---- */

enum event_kind { EVENT_INTRODUCED, EVENT_FIXED, EVENT_LAST, EVENT_LIMIT };

struct event {
	enum event_kind kind;
	bool first; /* "introduced": "0" */
	size_t place;
	struct version_key key;
};

static const struct str event_names[] = { SC("introduced"), SC("fixed"), SC("last_affected"),
					  SC("limit") };

/* read_event reads {"introduced": "1.2"}. *out_used false: an event of a kind that we do not know,
 * or a limit that is none. */
static enum err read_event(struct arena *a, enum ecosystem eco, const struct json *v,
			   struct event *e, bool *out_used)
{
	*out_used = false;
	for (enum event_kind k = EVENT_INTRODUCED; k <= EVENT_LIMIT; k++) {
		const struct json *version = json_get(v, event_names[k]);
		if (version == NULL)
			continue;
		struct str s = json_str(a, version);
		if (s.p == NULL)
			return json_is(version, JSON_STRING) ? ERR_NOMEM : ERR_SYNTAX;
		if (k == EVENT_LIMIT && str_eq(s, S("*")))
			return OK;
		*out_used = true;
		e->kind = k;
		e->first = k == EVENT_INTRODUCED && str_eq(s, S("0"));
		e->key = version_key(eco, s);
		return e->first || e->key.valid ? OK : ERR_SYNTAX;
	}
	return OK;
}

static int event_cmp(const void *x, const void *y)
{
	const struct event *a = x, *b = y;

	if (a->first != b->first)
		return a->first ? -1 : 1;
	int c = a->first ? 0 : version_key_cmp(&a->key, &b->key);
	return c ? c : (a->place > b->place) - (a->place < b->place);
}

/* cut_at_limit ends an interval where the record stops to speak. false: nothing is left of it. */
static bool cut_at_limit(enum ecosystem eco, struct osv_interval *i,
			 const struct version_key *limit)
{
	struct version_key from = version_key(eco, i->from), end = version_key(eco, i->end);

	if (limit == NULL)
		return true;
	if (!str_eq(i->from, S("0")) && version_key_cmp(&from, limit) >= 0)
		return false;
	int c = i->kind == ADVISORY_OPEN ? 1 : version_key_cmp(&end, limit);
	if (c > 0 || (c == 0 && i->kind == ADVISORY_LAST)) {
		i->end = limit->text;
		i->kind = ADVISORY_LIMIT;
	}
	return true;
}

/* A fix at the very version that was called the last affected one comes after it, and wins. The
 * first settled ones were there when another fix was looked at. */
static void fixed_at(enum ecosystem eco, struct osv_interval *made, size_t settled, size_t n,
		     const struct version_key *version)
{
	for (; n > settled; n--) {
		struct version_key end = version_key(eco, made[n - 1].end);
		if (version_key_cmp(&end, version) != 0)
			return;
		if (made[n - 1].kind == ADVISORY_LAST)
			made[n - 1].kind = ADVISORY_FIXED;
	}
}

/* walk goes through sorted events as OSV's schema says: introduced begins, fixed and last_affected
 * end. The limits, which sorting has spread, are asked for last: the greatest one counts. */
static size_t walk(enum ecosystem eco, const struct event *events, size_t n,
		   struct osv_interval *out)
{
	const struct version_key *limit = NULL;
	struct osv_interval at;
	bool open = false;
	size_t made = 0, settled = 0;

	for (size_t i = 0; i < n; i++)
		if (events[i].kind == EVENT_LIMIT)
			limit = &events[i].key;
	for (size_t i = 0; i <= n; i++) {
		const struct event *e = &events[i];
		if (i < n && e->kind == EVENT_FIXED) {
			fixed_at(eco, out, settled, made, &e->key);
			settled = made;
		}
		if (i < n && (e->kind == EVENT_LIMIT || open == (e->kind == EVENT_INTRODUCED)))
			continue;
		if (i < n && !open) {
			at = (struct osv_interval){ .from = e->first ? S("0") : e->key.text };
			open = true;
			continue;
		}
		if (!open)
			break;
		at.end = i < n ? e->key.text : S("");
		at.kind = i == n		  ? ADVISORY_OPEN
			  : e->kind == EVENT_LAST ? ADVISORY_LAST
						  : ADVISORY_FIXED;
		open = false;
		if (cut_at_limit(eco, &at, limit))
			out[made++] = at;
	}
	return made;
}

enum err osv_intervals(struct arena *a, enum ecosystem eco, const struct json *list,
		       struct osv_interval **out, size_t *out_n)
{
	size_t n = 0, max = json_count(list);

	if (!json_is(list, JSON_ARRAY))
		return ERR_SYNTAX;
	struct event *events = NEW_ARRAY(a, struct event, max + 1);
	struct osv_interval *made = NEW_ARRAY(a, struct osv_interval, max + 1);
	if (events == NULL || made == NULL)
		return ERR_NOMEM;
	JSON_EACH_ITEM (list, it) {
		bool used;
		TRY(read_event(a, eco, it, &events[n], &used));
		events[n].place = n;
		n += used;
	}
	qsort(events, n, sizeof *events, event_cmp);
	*out_n = walk(eco, events, n, made);
	*out = made;
	return OK;
}

/* read_ranges gathers the intervals of all ranges that speak of versions. */
static enum err read_ranges(struct arena *a, const struct json *ranges, struct osv_affected *out,
			    size_t *unread)
{
	size_t cap = 0;

	if (!json_is(ranges, JSON_ARRAY))
		return ranges == NULL || json_is(ranges, JSON_NULL) ? OK : ERR_SYNTAX;
	JSON_EACH_ITEM (ranges, it) {
		struct osv_interval *more;
		size_t n;
		const struct json *type = json_get(it, S("type"));
		if (json_str_eq(type, S("GIT")))
			continue; /* commits are no versions */
		enum err e = osv_intervals(a, out->eco, json_get(it, S("events")), &more, &n);
		if (e == ERR_NOMEM)
			return e;
		*unread += e != OK;
		if (e != OK || n == 0)
			continue;
		if (out->n_intervals + n > cap) {
			cap = 2 * (out->n_intervals + n);
			struct osv_interval *grown = NEW_ARRAY(a, struct osv_interval, cap);
			if (grown == NULL)
				return ERR_NOMEM;
			if (out->n_intervals)
				memcpy(grown, out->intervals, out->n_intervals * sizeof *grown);
			out->intervals = grown;
		}
		memcpy(out->intervals + out->n_intervals, more, n * sizeof *more);
		out->n_intervals += n;
	}
	return OK;
}

/* ---- versions and hashes ---- */

static int key_cmp(const void *x, const void *y)
{
	return version_key_cmp(x, y);
}

static enum err read_versions(struct arena *a, const struct json *list, struct osv_affected *out)
{
	size_t n = 0, max;

	if (!json_is(list, JSON_ARRAY))
		return list == NULL || json_is(list, JSON_NULL) ? OK : ERR_SYNTAX;
	max = json_count(list);
	struct version_key *keys = NEW_ARRAY(a, struct version_key, max + 1);
	out->versions = NEW_ARRAY(a, struct str, max + 1);
	if (keys == NULL || out->versions == NULL)
		return ERR_NOMEM;
	JSON_EACH_ITEM (list, it) {
		struct str s = json_str(a, it);
		if (s.p == NULL)
			return json_is(it, JSON_STRING) ? ERR_NOMEM : ERR_SYNTAX;
		if (s.n && s.n <= VERSION_MAX)
			keys[n++] = version_key(out->eco, s);
	}
	qsort(keys, n, sizeof *keys, key_cmp);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || version_key_cmp(&keys[i - 1], &keys[i]) != 0)
			out->versions[out->n_versions++] = keys[i].text;
	return OK;
}

bool osv_algorithm(struct str name, enum osv_algorithm *out, size_t *out_n)
{
	static const struct {
		struct str name;
		size_t n;
	} rows[] = { [OSV_SHA1] = { SC("sha1"), 20 },
		     [OSV_SHA256] = { SC("sha256"), 32 },
		     [OSV_SHA512] = { SC("sha512"), 64 } };

	for (enum osv_algorithm i = OSV_SHA1; i <= OSV_SHA512; i++)
		if (str_ieq(rows[i].name, name)) {
			*out = i;
			*out_n = rows[i].n;
			return true;
		}
	return false;
}

/* from_sri reads "sha512-BASE64", npm's form. */
static bool from_sri(struct str s, struct osv_hash *h)
{
	struct str text, name = str_cut(s, '-', &text);
	char room[2 * sizeof h->bytes];
	size_t n;
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	if (!osv_algorithm(name, &h->algorithm, &n) || base64_decode(&b, text, BASE64_STD) != OK ||
	    b.n != n)
		return false;
	memcpy(h->bytes, room, n);
	return true;
}

/* read_hash reads one member of "hashes": {"sha256": HEX}, {"sha512_sri": "sha512-..."} */
static bool read_hash(struct str name, struct str value, struct osv_hash *h)
{
	size_t n;

	if (str_has_suffix(name, S("_sri")) || str_eq(name, S("integrity")))
		return from_sri(value, h);
	return osv_algorithm(name, &h->algorithm, &n) && num_hex_bytes(value, h->bytes, n);
}

/* read_hashes takes the digests of whole artifacts. Those of single files do not count: an honest
 * file may lie in a malicious package. */
static enum err read_hashes(struct arena *a, const struct json *affected, struct osv_record *r)
{
	const struct json *list = json_get(
		json_get(json_get(affected, S("database_specific")), S("indicators")),
		S("package_integrity"));
	size_t more = 0;

	if (!json_is(list, JSON_ARRAY))
		return OK;
	JSON_EACH_ITEM (list, it)
		more += json_count(json_get(it, S("hashes")));
	struct osv_hash *all = NEW_ARRAY(a, struct osv_hash, r->n_hashes + more + 1);
	if (all == NULL)
		return ERR_NOMEM;
	if (r->n_hashes)
		memcpy(all, r->hashes, r->n_hashes * sizeof *all);
	r->hashes = all;
	JSON_EACH_ITEM (list, it) {
		const struct json *hashes = json_get(it, S("hashes"));
		if (!json_is(hashes, JSON_OBJECT))
			continue;
		JSON_EACH_MEMBER (hashes, key) {
			struct str name = json_str(a, key), value = json_str(a, key + 1);
			if (name.p && value.p && read_hash(name, value, &all[r->n_hashes]))
				r->n_hashes++;
		}
	}
	return OK;
}

/* ---- the record ---- */

static enum ecosystem ecosystem_of(struct str s)
{
	/* "PyPI:https://mirror" is a registry of the same ecosystem, and another name space. */
	for (enum ecosystem eco = ECO_PYPI; eco < ECO_OTHER; eco++)
		if (str_eq(ecosystem_osv(eco), s))
			return eco;
	return ECO_OTHER;
}

static enum err read_affected(struct arena *a, const struct json *v, struct osv_record *r)
{
	const struct json *package = json_get(v, S("package"));
	struct str name = text_of(a, package, S("name"));
	struct osv_affected *out = &r->affected[r->n_affected];
	struct buf b;

	out->eco = ecosystem_of(text_of(a, package, S("ecosystem")));
	if (out->eco == ECO_OTHER || name.n == 0 || name.n > OSV_NAME)
		return OK;
	char *room = arena_take(a, name.n + 1, 1);
	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room, name.n + 1);
	package_name_normalise(out->eco, name, &b);
	out->name = buf_str(&b);
	TRY(read_ranges(a, json_get(v, S("ranges")), out, &r->n_ranges_unread));
	TRY(read_versions(a, json_get(v, S("versions")), out));
	if (r->head.kind == ADVISORY_MALWARE)
		TRY(read_hashes(a, v, r));
	r->n_affected++;
	return OK;
}

static bool is_malware(struct str id)
{
	return str_has_prefix(id, S("MAL-"));
}

static void read_aliases(struct arena *a, const struct json *list, struct advisory_record *r)
{
	if (!json_is(list, JSON_ARRAY))
		return;
	JSON_EACH_ITEM (list, it) {
		struct str s = json_is(it, JSON_STRING) ? json_str(a, it) : S("");
		if (!id_ok(s))
			continue;
		if (is_malware(s))
			r->kind = ADVISORY_MALWARE;
		if (r->n_aliases < ADVISORY_ALIASES)
			r->aliases[r->n_aliases++] = s;
	}
}

/* severity_of takes the vector of the newest version of CVSS. */
static struct str severity_of(struct arena *a, const struct json *list)
{
	struct str best = S(""), type = S("");

	if (!json_is(list, JSON_ARRAY))
		return best;
	JSON_EACH_ITEM (list, it) {
		struct str t = text_of(a, it, S("type")), s = text_of(a, it, S("score"));
		if (s.n == 0 || s.n > OSV_ID || str_cmp(t, type) <= 0 || !id_ok(s))
			continue;
		best = s;
		type = t;
	}
	return best;
}

static enum err read_head(struct arena *a, const struct json *root, struct advisory_record *h,
			  struct diag *d)
{
	*h = (struct advisory_record){ .id = text_of(a, root, S("id")) };
	if (!id_ok(h->id))
		return diag_set(d, ERR_SYNTAX, "the record has no id");
	h->kind = is_malware(h->id) ? ADVISORY_MALWARE : ADVISORY_VULNERABILITY;
	read_aliases(a, json_get(root, S("aliases")), h);
	struct str summary = text_of(a, root, S("summary"));
	if (summary.n == 0) {
		struct str rest;
		summary = str_trim(str_cut(text_of(a, root, S("details")), '\n', &rest));
	}
	h->summary = shortened(a, summary, OSV_SUMMARY);
	h->severity = severity_of(a, json_get(root, S("severity")));
	h->published_s = time_of(text_of(a, root, S("published")));
	h->modified_s = time_of(text_of(a, root, S("modified")));
	const struct json *withdrawn = json_get(root, S("withdrawn"));
	if (withdrawn && !json_is(withdrawn, JSON_NULL)) {
		h->withdrawn_s = time_of(text_of(a, root, S("withdrawn")));
		if (h->withdrawn_s == 0)
			return diag_set(d, ERR_SYNTAX, "'withdrawn' of '%.*s' is no time",
					FMT(h->id));
	}
	return h->summary.p ? OK : ERR_NOMEM;
}

enum err osv_read(struct arena *a, struct str text, struct osv_record *out, struct diag *d)
{
	struct osv_record r = { .n_affected = 0 };
	const struct json *root, *affected;
	size_t at = 0;

	if (text.n > OSV_RECORD_MAX)
		return diag_set(d, ERR_LIMIT, "the record is larger than %d bytes", OSV_RECORD_MAX);
	enum err e = json_read(a, text, &root, &at);
	if (e != OK)
		return diag_set(d, e, "not JSON: %s at byte %zu", err_text(e), at);
	if (!json_is(root, JSON_OBJECT))
		return diag_set(d, ERR_SYNTAX, "not an advisory record");
	TRY(read_head(a, root, &r.head, d));
	affected = json_get(root, S("affected"));
	r.affected = NEW_ARRAY(a, struct osv_affected, json_count(affected) + 1);
	if (r.affected == NULL)
		return ERR_NOMEM;
	if (json_is(affected, JSON_ARRAY)) {
		JSON_EACH_ITEM (affected, it) {
			e = read_affected(a, it, &r);
			if (e != OK)
				return diag_set(d, e, "'affected' of '%.*s' is malformed",
						FMT(r.head.id));
		}
	}
	*out = r;
	return OK;
}
