/*
 * tests/unit/llm/yaml_json.h - recordings come as YAML: the same document as JSON text.
 * Events in, text out; a plain scalar is a number, true, false or null when it looks like JSON's.
 */
#ifndef TESTS_YAML_JSON_H
#define TESTS_YAML_JSON_H

#include "codec/jw.h"

#include <yaml.h>

enum { YAML_DEPTH = 64 };

struct yaml_level {
	bool mapping, value; /* value: the next scalar of a mapping is no key */
};

static bool looks_like_json(struct str s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++)
		if (str_eq(s, str_z(words[i])))
			return true;
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && !(i == 0 && s.p[i] == '-' && s.n > 1) &&
		    !(i > 0 && (s.p[i] == '.' || s.p[i] == 'e' || s.p[i] == '-' || s.p[i] == '+')))
			return false;
	return s.n > 0;
}

static void yaml_scalar(struct buf *b, const yaml_event_t *e, bool key)
{
	struct str s = { (const char *)e->data.scalar.value, e->data.scalar.length };

	if (key) {
		jw_str(b, s);
		buf_addc(b, ':');
	} else if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && looks_like_json(s)) {
		jw_raw(b, s);
	} else {
		jw_str(b, s);
	}
}

/* yaml_json appends the document at text to out; false when it is not one we can read. */
static bool yaml_json(struct str text, struct buf *out)
{
	struct yaml_level level[YAML_DEPTH] = { { false, false } };
	yaml_parser_t parser;
	yaml_event_t e;
	bool ok = true, end = false;
	size_t depth = 0;

	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
	while (ok && !end && yaml_parser_parse(&parser, &e)) {
		bool key = level[depth].mapping && !level[depth].value;
		bool opens = e.type == YAML_MAPPING_START_EVENT || e.type == YAML_SEQUENCE_START_EVENT;
		bool closes = e.type == YAML_MAPPING_END_EVENT || e.type == YAML_SEQUENCE_END_EVENT;
		if (e.type == YAML_SCALAR_EVENT)
			yaml_scalar(out, &e, key);
		else if (opens && e.type == YAML_MAPPING_START_EVENT)
			jw_obj(out);
		else if (opens)
			jw_arr(out);
		else if (closes)
			buf_addc(out, e.type == YAML_MAPPING_END_EVENT ? '}' : ']');
		ok = e.type != YAML_ALIAS_EVENT && !(opens && (key || depth + 1 == YAML_DEPTH));
		end = e.type == YAML_DOCUMENT_END_EVENT;
		if (level[depth].mapping && !closes && (opens || e.type == YAML_SCALAR_EVENT))
			level[depth].value = !level[depth].value;
		if (opens && ok)
			level[++depth] = (struct yaml_level){ e.type == YAML_MAPPING_START_EVENT, false };
		else if (closes)
			depth--;
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	return ok && end;
}

#endif
