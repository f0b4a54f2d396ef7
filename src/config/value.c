/*
 * config/value.c - scalars of the tree as what they mean: variables, switches, numbers, JSON.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/load.h"

#include "base/num.h"
#include "codec/jw.h"

#include <assert.h>

static const struct str env_prefix = SC("os.environ/");
static const struct str vault_prefix = SC("vault/");

static struct str no_str(void)
{
	return (struct str){ NULL, 0 };
}

/* environment_variables may refer to the process environment, not to itself. */
static struct str process_env(struct loader *l, struct str name)
{
	return l->io->env ? l->io->env(l->io->ctx, name) : no_str();
}

struct str env_of(struct loader *l, struct str name)
{
	const struct node *own = node_get(l->env_vars, name);

	if (!node_is(own, NODE_SCALAR) || node_null(own))
		return process_env(l, name);
	if (str_has_prefix(own->text, env_prefix))
		return process_env(l, str_tail(own->text, env_prefix.n));
	return own->text;
}

enum err value_of(struct loader *l, const struct node *v, bool secret, struct value *out)
{
	*out = (struct value){ .text = no_str() };
	if (node_null(v))
		return OK;
	if (v->kind != NODE_SCALAR)
		return diag_set(l->d, ERR_CONFIG, "is not a single value");
	out->quoted = v->quoted;
	if (str_has_prefix(v->text, env_prefix)) {
		out->from = FROM_ENV;
		out->name = str_tail(v->text, env_prefix.n);
		if (out->name.n == 0 || out->name.n > LIMIT_NAME)
			return diag_set(l->d, ERR_CONFIG, "names no environment variable");
		out->text = env_of(l, out->name);
		return OK;
	}
	if (secret && str_has_prefix(v->text, vault_prefix)) {
		out->from = FROM_VAULT;
		out->name = str_tail(v->text, vault_prefix.n);
		if (out->name.n == 0 || out->name.n > LIMIT_NAME)
			return diag_set(l->d, ERR_CONFIG, "names no credential of the vault");
		if (l->io->vault)
			out->text = l->io->vault(l->io->ctx, out->name);
		return OK;
	}
	out->text = v->text;
	return OK;
}

enum err value_str(struct loader *l, const struct node *v, struct str *out)
{
	struct value got;

	TRY(value_of(l, v, false, &got));
	if (got.text.n > LIMIT_URL)
		return diag_set(l->d, ERR_CONFIG, "is too long");
	for (size_t i = 0; i < got.text.n; i++)
		if ((unsigned char)got.text.p[i] < 0x20 || got.text.p[i] == 0x7f)
			return diag_set(l->d, ERR_CONFIG, "contains control characters");
	*out = got.text.p ? got.text : S("");
	return OK;
}

/* YAML 1.1 as PyYAML reads it; os.environ values are words of the shell, so 1 and 0 count too. */
static bool word_bool(struct str s, bool *out)
{
	static const struct {
		struct str word;
		bool value;
	} words[] = {
		{ SC("true"), true }, { SC("yes"), true }, { SC("on"), true },
		{ SC("false"), false }, { SC("no"), false }, { SC("off"), false },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!str_ieq(s, words[i].word))
			continue;
		*out = words[i].value;
		return true;
	}
	return false;
}

enum err value_bool(struct loader *l, const struct node *v, bool *out)
{
	struct value got;

	TRY(value_of(l, v, false, &got));
	if (got.text.p == NULL)
		return OK; /* null leaves the default */
	if (word_bool(got.text, out))
		return OK;
	if (str_eq(got.text, S("1")) || str_eq(got.text, S("0"))) {
		*out = got.text.p[0] == '1';
		return OK;
	}
	return diag_set(l->d, ERR_CONFIG, "is neither true nor false");
}

/* YAML 1.1 allows 1_000_000 and a leading plus; JSON's grammar is what num_scaled reads. */
static struct str plain_number(struct str s, char *room, size_t cap)
{
	size_t n = 0;

	s = str_trim(s);
	if (s.n > 1 && s.p[0] == '+')
		s = str_tail(s, 1);
	if (s.n > cap - 1)
		return s;
	if (s.n && s.p[0] == '.')
		room[n++] = '0';
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '_')
			room[n++] = s.p[i];
	if (n && room[n - 1] == '.')
		n--;
	return (struct str){ room, n };
}

enum err value_scaled(struct loader *l, const struct node *v, unsigned scale, int64_t *out)
{
	char room[64];
	struct value got;
	int64_t n;

	TRY(value_of(l, v, false, &got));
	if (got.text.p == NULL)
		return OK;
	enum err e = num_scaled(plain_number(got.text, room, sizeof room), scale, &n);
	if (e == ERR_LIMIT)
		return diag_set(l->d, ERR_CONFIG, "is too large");
	if (e != OK)
		return diag_set(l->d, ERR_CONFIG, "is not a number");
	*out = n;
	return OK;
}

bool value_off(struct loader *l, const struct node *v)
{
	bool on = true;

	if (node_null(v))
		return true;
	if (v->kind != NODE_SCALAR)
		return v->n == 0;
	if (!v->quoted && word_bool(v->text, &on))
		return !on;
	(void)l;
	return v->text.n == 0 || str_eq(v->text, S("0"));
}

/* ---- JSON ---- */

static bool digits(struct str s, size_t *io)
{
	size_t from = *io;

	while (*io < s.n && ascii_digit(s.p[*io]))
		++*io;
	return *io > from;
}

/* The grammar of a JSON number, RFC 8259, 6: what may stand without quotes. */
static bool json_number(struct str s)
{
	size_t i = 0;

	if (i < s.n && s.p[i] == '-')
		i++;
	size_t first = i;
	if (!digits(s, &i) || (s.p[first] == '0' && i > first + 1))
		return false;
	if (i < s.n && s.p[i] == '.' && (i++, !digits(s, &i)))
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		if (!digits(s, &i))
			return false;
	}
	return i == s.n;
}

static enum err scalar_json(struct loader *l, const struct node *v, struct buf *out)
{
	char room[64];
	struct value got;
	bool on;

	if (l->raw) {
		jw_str(out, v->text);
		return OK;
	}
	TRY(value_of(l, v, false, &got));
	if (got.text.p == NULL) {
		jw_null(out);
		return OK;
	}
	/* A variable's text is a word of the shell: a number there is meant as one, as LiteLLM
	 * takes it. */
	if (!got.quoted || got.from == FROM_ENV) {
		struct str number = plain_number(got.text, room, sizeof room);
		if (word_bool(got.text, &on)) {
			jw_bool(out, on);
			return OK;
		}
		if (json_number(number)) {
			jw_raw(out, number);
			return OK;
		}
	}
	jw_str(out, got.text);
	return OK;
}

enum err value_json(struct loader *l, const struct node *v, struct buf *out)
{
	const struct node *stack[LIMIT_CONFIG_DEPTH + 1];
	size_t depth = 0;
	const struct node *at = v;

	/* A walk in document order; stack holds the containers whose children are being written. */
	for (;;) {
		if (depth && stack[depth - 1]->kind == NODE_MAP) {
			jw_quote_open(out);
			jw_str_add(out, at->name);
			jw_quote_close(out);
			buf_addc(out, ':');
		}
		if (at->kind == NODE_SCALAR) {
			TRY(scalar_json(l, at, out));
		} else {
			if (at->kind == NODE_MAP)
				jw_obj(out);
			else
				jw_arr(out);
			assert(depth < sizeof stack / sizeof stack[0]);
			stack[depth++] = at;
			if (at->first) {
				at = at->first;
				continue;
			}
		}
		while (depth && (at == stack[depth - 1] || at->next == NULL)) {
			at = stack[--depth];
			if (at->kind == NODE_MAP)
				jw_obj_end(out);
			else
				jw_arr_end(out);
			if (depth == 0)
				return out->err;
		}
		if (depth == 0 || out->err != OK)
			return out->err;
		at = at->next;
	}
}
