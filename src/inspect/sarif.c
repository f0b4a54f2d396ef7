/*
 * inspect/sarif.c - reports as SARIF 2.1.0.
 * Input: own, but for names and excerpts, which are escaped.   Runs in: cli.
 */
#include "inspect/sarif.h"

#include "codec/jw.h"
#include "codec/url.h"

static const struct str levels[] = {
	[SEV_INFO] = SC("note"), [SEV_HOLD] = SC("warning"), [SEV_BLOCK] = SC("error")
};

static void put_text(struct buf *b, struct str name, struct str text)
{
	jw_key(b, name);
	jw_obj(b);
	jw_kv_str(b, S("text"), text);
	jw_obj_end(b);
}

/* release takes an escaped text's storage back. That it was cut short is no error of the report,
 * but that there was no memory for it is. */
static void release(struct buf *text, struct buf *b)
{
	if (text->err == ERR_NOMEM && b->err == OK)
		b->err = ERR_NOMEM;
	buf_free(text);
}

/* The path as a relative URI: what RFC 3986 does not let stand is encoded. */
static void put_uri(struct buf *b, struct str path)
{
	while (path.n > 0 && path.p[0] == '/')
		path = str_tail(path, 1);
	jw_key(b, S("uri"));
	jw_quote_open(b);
	url_encode(b, path, S("/@+"));
	jw_quote_close(b);
}

static void put_rules(struct buf *b)
{
	jw_key(b, S("rules"));
	jw_arr(b);
	for (enum rule k = 0; k < RULE_COUNT; k++) {
		const struct rule_row *row = rule_row(k);
		jw_obj(b);
		jw_kv_str(b, S("id"), row->id);
		put_text(b, S("shortDescription"), row->title);
		put_text(b, S("fullDescription"), row->why);
		put_text(b, S("help"), row->next);
		jw_key(b, S("defaultConfiguration"));
		jw_obj(b);
		jw_kv_str(b, S("level"), levels[row->severity]);
		jw_obj_end(b);
		jw_obj_end(b);
	}
	jw_arr_end(b);
}

static void put_message(struct buf *b, const struct finding *f)
{
	struct buf text;

	buf_init(&text, 8192);
	buf_add(&text, rule_row(f->rule)->title);
	if (f->package.n > 0) {
		buf_add(&text, S(", "));
		report_escape(&text, f->package);
	}
	if (rule_of_run(f->rule) && f->path.n > 0) {
		buf_add(&text, S(": "));
		report_escape(&text, f->path);
	}
	if (str_trim(f->detail).n > 0) {
		buf_add(&text, S(": "));
		report_escape(&text, str_trim(f->detail));
	}
	put_text(b, S("message"), buf_str(&text));
	release(&text, b);
}

static void put_location(struct buf *b, const struct report *r, const struct finding *f)
{
	/* What was seen in a run is no place in the target. */
	struct str path = f->path.n > 0 && !rule_of_run(f->rule) ? f->path : r->target;
	struct buf text;

	jw_key(b, S("locations"));
	jw_arr(b);
	jw_obj(b);
	jw_key(b, S("physicalLocation"));
	jw_obj(b);
	jw_key(b, S("artifactLocation"));
	jw_obj(b);
	put_uri(b, path);
	jw_obj_end(b);
	if (f->line > 0 || f->excerpt.n > 0) {
		jw_key(b, S("region"));
		jw_obj(b);
		jw_kv_int(b, S("startLine"), f->line > 0 ? f->line : 1);
		if (f->excerpt.n > 0) {
			buf_init(&text, 8 * FINDING_EXCERPT + 64);
			report_escape(&text, f->excerpt);
			put_text(b, S("snippet"), buf_str(&text));
			release(&text, b);
		}
		jw_obj_end(b);
	}
	jw_obj_end(b);
	jw_obj_end(b);
	jw_arr_end(b);
}

void sarif_run(const struct report *r, struct buf *out)
{
	struct buf text;

	jw_obj(out);
	jw_key(out, S("tool"));
	jw_obj(out);
	jw_key(out, S("driver"));
	jw_obj(out);
	jw_kv_str(out, S("name"), S("yett"));
	jw_kv_str(out, S("version"), S(YETT_VERSION));
	put_rules(out);
	jw_obj_end(out);
	jw_obj_end(out);
	jw_key(out, S("results"));
	jw_arr(out);
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.items[i];
		jw_obj(out);
		jw_kv_str(out, S("ruleId"), rule_row(f->rule)->id);
		jw_kv_int(out, S("ruleIndex"), f->rule);
		jw_kv_str(out, S("level"), levels[f->severity]);
		put_message(out, f);
		put_location(out, r, f);
		if (f->allowed)
			jw_kv_raw(out, S("suppressions"), S("[{\"kind\":\"external\"}]"));
		jw_obj_end(out);
	}
	jw_arr_end(out);
	jw_key(out, S("properties"));
	jw_obj(out);
	buf_init(&text, 8192);
	report_escape(&text, r->headline);
	jw_kv_str(out, S("verdict"), verdict_word(r->judgement.verdict));
	jw_kv_str(out, S("headline"), buf_str(&text));
	release(&text, out);
	jw_obj_end(out);
	jw_obj_end(out);
}

void sarif_log(struct str runs, struct buf *out)
{
	buf_add(out, S("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
		       "\"version\":\"2.1.0\",\"runs\":["));
	buf_add(out, runs);
	buf_add(out, S("]}"));
}
