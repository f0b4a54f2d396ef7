/*
 * inspect/policy.c - the policy file of `yett check`.
 * Input: the user's file.   Runs in: checker, cli.   Fuzz: fuzz/check_policy_fuzz.c
 */
#include "inspect/policy.h"

#include "base/date.h"
#include "base/num.h"
#include "config/node.h"
#include "crypto/sha256.h"

#include <string.h>

enum { DAY = 86400, YEARS_AHEAD = 2, COOLDOWN_MAX = 3650 };

struct reading {
	int64_t now;
	struct arena *arena;
	struct check_policy *out;
	struct diag *d;
};

void policy_default(struct check_policy *p, int64_t now)
{
	*p = (struct check_policy){ .now = now };
	for (enum rule r = 0; r < RULE_COUNT; r++)
		p->severities[r] = rule_row(r)->severity;
}

static enum err wrong(struct reading *r, const struct node *n, const char *what)
{
	return diag_set(r->d, ERR_CONFIG, "'%.*s' line %u: %s", FMT(n->file), n->line, what);
}

/* ---- values ---- */

/* "2027-01-31" is allowed through that day. */
static bool date_read(struct str s, int64_t *out)
{
	int64_t midnight;

	if (s.n != sizeof "YYYY-MM-DD" - 1 || date_parse(s, &midnight) != OK || midnight < 0)
		return false;
	*out = midnight + DAY;
	return true;
}

/* ---- sections ---- */

static enum err read_severities(struct reading *r, const struct node *map)
{
	if (!node_is(map, NODE_MAP))
		return wrong(r, map, "severity is a map of rule to info, hold or block");
	NODE_EACH(map, n)
	{
		enum rule rule = rule_by_id(n->name);
		if (rule == RULE_COUNT)
			return wrong(r, n, "there is no rule of this name");
		if (!node_is(n, NODE_SCALAR) ||
		    !severity_by_word(n->text, &r->out->severities[rule]))
			return wrong(r, n, "a severity is info, hold or block");
	}
	return OK;
}

static enum err allow_field(struct reading *r, const struct node *n, struct policy_allow *row)
{
	if (!node_is(n, NODE_SCALAR))
		return wrong(r, n, "this is a single value");
	if (str_eq(n->name, S("rule"))) {
		row->rule = rule_by_id(n->text);
		return row->rule == RULE_COUNT ? wrong(r, n, "there is no rule of this name") : OK;
	}
	if (str_eq(n->name, S("sha256"))) {
		row->by_sha256 = num_hex_bytes(n->text, row->sha256, sizeof row->sha256);
		return row->by_sha256 ? OK : wrong(r, n, "a sha256 is 64 hex digits");
	}
	if (str_eq(n->name, S("until")))
		return date_read(n->text, &row->until) ? OK : wrong(r, n, "a date is YYYY-MM-DD");
	if (str_eq(n->name, S("path")))
		row->path = n->text;
	else if (str_eq(n->name, S("package")))
		row->package = n->text;
	else if (str_eq(n->name, S("reason")))
		row->reason = str_head(n->text, POLICY_REASON);
	else
		return wrong(r, n, "unknown key");
	return OK;
}

static enum err read_allow(struct reading *r, const struct node *n, struct policy_allow *row)
{
	*row = (struct policy_allow){ .rule = RULE_COUNT, .line = n->line };
	if (!node_is(n, NODE_MAP))
		return wrong(r, n, "an allow is a map");
	NODE_EACH(n, field)
	TRY(allow_field(r, field, row));
	if (row->rule == RULE_COUNT && !row->by_sha256)
		return wrong(r, n, "an allow needs a rule or a sha256");
	if (str_trim(row->reason).n == 0)
		return wrong(r, n, "an allow needs a reason");
	if (row->until == 0)
		return wrong(r, n, "an allow needs a date: until");
	if (row->until > r->now + (int64_t)YEARS_AHEAD * 366 * DAY)
		return wrong(r, n, "an allow ends within two years");
	return OK;
}

static enum err read_allows(struct reading *r, const struct node *list)
{
	size_t i = 0;

	if (!node_is(list, NODE_LIST))
		return wrong(r, list, "allow is a list");
	if (list->n > POLICY_ALLOWS)
		return wrong(r, list, "too many allows");
	struct policy_allow *rows = NEW_ARRAY(r->arena, struct policy_allow, list->n + 1);
	if (rows == NULL)
		return diag_set(r->d, ERR_NOMEM, "out of memory for the policy");
	NODE_EACH(list, n)
	TRY(read_allow(r, n, &rows[i++]));
	r->out->allows = rows;
	r->out->n_allows = i;
	return OK;
}

static enum err read_key(struct reading *r, const struct node *n)
{
	uint64_t v = 0;

	if (str_eq(n->name, S("version")))
		return node_is(n, NODE_SCALAR) && str_eq(n->text, S("1"))
			       ? OK
			       : wrong(r, n, "this yett reads policies of version 1");
	if (str_eq(n->name, S("cooldown_days"))) {
		if (!node_is(n, NODE_SCALAR) || num_u64(n->text, COOLDOWN_MAX, &v) != OK)
			return wrong(r, n, "cooldown_days is a number of days");
		r->out->cooldown_days = (uint32_t)v;
		return OK;
	}
	if (str_eq(n->name, S("severity")))
		return read_severities(r, n);
	if (str_eq(n->name, S("allow")))
		return read_allows(r, n);
	return wrong(r, n, "unknown key");
}

enum err policy_parse(struct str file, struct str text, int64_t now, struct arena *a,
		      struct check_policy *out, struct diag *d)
{
	struct check_policy p;
	struct reading r = { .now = now, .arena = a, .out = &p, .d = d };
	struct node_budget budget = { .nodes = LIMIT_CONFIG_NODES };
	const struct node *root;

	policy_default(&p, now);
	TRY(node_parse(file, text, a, &budget, &root, d));
	if (!node_is(root, NODE_MAP) || node_get(root, S("version")) == NULL)
		return diag_set(d, ERR_CONFIG, "'%.*s' has no 'version: 1'", FMT(file));
	NODE_EACH(root, n)
	TRY(read_key(&r, n));
	sha256(text, p.sha256);
	*out = p;
	return OK;
}

/* ---- asking it ---- */

static bool path_matches(struct str want, struct str path)
{
	if (want.n > 0 && want.p[want.n - 1] == '/')
		return str_has_prefix(path, want);
	return want.n == 0 || str_eq(path, want);
}

static bool package_matches(struct str want, struct str purl)
{
	if (want.n == 0 || str_eq(want, purl))
		return true;
	return str_has_prefix(purl, want) && purl.p[want.n] == '@';
}

const struct policy_allow *policy_find(const struct check_policy *p, const struct finding *f)
{
	for (size_t i = 0; i < p->n_allows; i++) {
		const struct policy_allow *row = &p->allows[i];
		if (row->until <= p->now || (row->rule != RULE_COUNT && row->rule != f->rule))
			continue;
		if (row->by_sha256 &&
		    !(f->has_sha256 && memcmp(row->sha256, f->sha256, sizeof row->sha256) == 0))
			continue;
		if (path_matches(row->path, f->path) && package_matches(row->package, f->package))
			return row;
	}
	return NULL;
}
