/*
 * admin/key_field.c - the members of a key, from JSON and to it. One table says what may be set, so
 * that nothing else can: a request's member that is not in it never reaches a key.
 * Input: hostile.
 * Runs in: admin.   Fuzz: fuzz/key_field_fuzz.c
 */
#include "admin/admin.h"

#include "base/num.h"
#include "codec/jw.h"
#include "sys/clock.h"

#include <string.h>

enum { MONEY_SCALE = 12 };

static enum err wrong(struct diag *d, struct str name, const char *what)
{
	return diag_param(d, ERR_SYNTAX, name, "'%.*s' must be %s", FMT(name), what);
}

static bool is_null(const struct json *v)
{
	return json_is(v, JSON_NULL);
}

/*
 * A setter reads the value v of the member called name into the key's field at, of the type that
 * the table's row promises.
 */
static enum err set_text(struct conn *c, struct str name, const struct json *v, void *at,
			 struct diag *d)
{
	struct str *out = at;

	if (is_null(v)) {
		*out = S("");
		return OK;
	}
	*out = json_str(&c->arena, v);
	if (out->p == NULL)
		return wrong(d, name, "a string");
	if (out->n > LIMIT_NAME)
		return diag_param(d, ERR_LIMIT, name, "'%.*s' is longer than %d bytes", FMT(name),
				  (int)LIMIT_NAME);
	return OK;
}

static enum err set_limit(struct conn *c, struct str name, const struct json *v, void *at,
			  struct diag *d)
{
	int64_t *out = at;

	(void)c;
	if (is_null(v)) {
		*out = -1;
		return OK;
	}
	if (json_i64(v, out) != OK || *out < 0)
		return wrong(d, name, "a whole number, 0 or more, or null");
	return OK;
}

static enum err set_money(struct conn *c, struct str name, const struct json *v, void *at,
			  struct diag *d)
{
	int64_t *out = at;

	(void)c;
	if (is_null(v)) {
		*out = -1; /* spent: keeper takes it for nothing */
		return OK;
	}
	if (!json_is(v, JSON_NUMBER) || num_scaled(json_raw(v), MONEY_SCALE, out) != OK || *out < 0)
		return wrong(d, name, "an amount in dollars, 0 to 9000000, or null");
	return OK;
}

static enum err set_period(struct conn *c, struct str name, const struct json *v, void *at,
			   struct diag *d)
{
	struct str s = is_null(v) ? S("") : json_str(&c->arena, v);
	uint64_t seconds = 0;
	int64_t *out = at;

	if (is_null(v) || (s.p && str_eq(s, S("-1")))) {
		*out = 0;
		return OK;
	}
	if (s.p == NULL || num_duration(s, &seconds) != OK || seconds == 0)
		return wrong(d, name, "a duration such as \"30s\", \"12h\" or \"30d\", or null");
	*out = (int64_t)seconds;
	return OK;
}

/* A duration from now. */
static enum err set_expiry(struct conn *c, struct str name, const struct json *v, void *at,
			   struct diag *d)
{
	int64_t *out = at, seconds;

	TRY(set_period(c, name, v, &seconds, d));
	*out = seconds ? (int64_t)loop_wall_ms(c->admin->loop) + seconds * 1000 : 0;
	return OK;
}

static enum err set_json(struct str name, const struct json *v, enum json_type type,
			 struct str *out, struct diag *d)
{
	if (is_null(v)) {
		*out = S("");
		return OK;
	}
	if (!json_is(v, type))
		return wrong(d, name,
			     type == JSON_OBJECT ? "an object or null" : "an array or null");
	*out = json_raw(v);
	if (out->n > KEY_JSON_MAX)
		return diag_param(d, ERR_LIMIT, name, "'%.*s' is longer than %d bytes", FMT(name),
				  (int)KEY_JSON_MAX);
	return OK;
}

static enum err set_object(struct conn *c, struct str name, const struct json *v, void *at,
			   struct diag *d)
{
	(void)c;
	return set_json(name, v, JSON_OBJECT, at, d);
}

static enum err set_array(struct conn *c, struct str name, const struct json *v, void *at,
			  struct diag *d)
{
	(void)c;
	return set_json(name, v, JSON_ARRAY, at, d);
}

static enum err set_bool(struct conn *c, struct str name, const struct json *v, void *at,
			 struct diag *d)
{
	bool *out = at;

	(void)c;
	if (!is_null(v) && !json_is(v, JSON_TRUE) && !json_is(v, JSON_FALSE))
		return wrong(d, name, "true, false or null");
	*out = json_bool(v);
	return OK;
}

static enum err set_models(struct conn *c, struct str name, const struct json *v, void *at,
			   struct diag *d)
{
	struct control_key *k = &c->key;
	bool all = false;

	(void)at;
	k->n_models = 0;
	if (is_null(v))
		return OK;
	if (!json_is(v, JSON_ARRAY))
		return wrong(d, name, "an array of names");
	JSON_EACH_ITEM(v, it) {
		struct str model = json_str(&c->arena, it);
		if (model.p == NULL || model.n == 0 || model.n > LIMIT_NAME)
			return wrong(d, name, "an array of names");
		/* LiteLLM's words for everything. */
		all = all || str_eq(model, S("all-proxy-models")) ||
		      str_eq(model, S("all-team-models"));
		if (k->n_models == LIMIT_KEY_MODELS)
			return diag_param(d, ERR_LIMIT, name, "a key names %d models at most",
					  (int)LIMIT_KEY_MODELS);
		k->models[k->n_models++] = model;
	}
	if (all)
		k->n_models = 0;
	return OK;
}

/* The key's own text: on creation the client's wish, elsewhere which key is meant. No field of the
 * key. */
static enum err set_secret(struct conn *c, struct str name, const struct json *v, void *at,
			   struct diag *d)
{
	(void)at;
	if (is_null(v))
		return OK;
	c->secret = json_str(&c->arena, v);
	if (c->secret.p == NULL || c->secret.n == 0 || c->secret.n > LIMIT_NAME)
		return wrong(d, name, "a string of 256 bytes at most");
	c->secret_given = true;
	return OK;
}

#define AT(member) offsetof(struct control_key, member)

static const struct field {
	struct str name;
	uint32_t bit;
	enum err (*set)(struct conn *, struct str, const struct json *, void *, struct diag *);
	size_t at;
} fields[] = {
	{ SC("key"), 0, set_secret, 0 },
	{ SC("key_alias"), KEY_ALIAS, set_text, AT(alias) },
	{ SC("user_id"), KEY_USER, set_text, AT(user) },
	{ SC("team_id"), KEY_TEAM, set_text, AT(team) },
	{ SC("models"), KEY_MODELS, set_models, 0 },
	{ SC("aliases"), KEY_ALIASES, set_object, AT(aliases) },
	{ SC("duration"), KEY_EXPIRES, set_expiry, AT(expires_ms) },
	{ SC("rpm_limit"), KEY_RPM, set_limit, AT(rpm) },
	{ SC("tpm_limit"), KEY_TPM, set_limit, AT(tpm) },
	{ SC("max_parallel_requests"), KEY_PARALLEL, set_limit, AT(parallel) },
	{ SC("max_budget"), KEY_BUDGET, set_money, AT(budget_pico) },
	{ SC("soft_budget"), KEY_SOFT_BUDGET, set_money, AT(soft_budget_pico) },
	{ SC("budget_duration"), KEY_BUDGET_PERIOD, set_period, AT(budget_period_s) },
	{ SC("spend"), KEY_SPEND, set_money, AT(spent_pico) },
	{ SC("metadata"), KEY_METADATA, set_object, AT(metadata) },
	{ SC("tags"), KEY_TAGS, set_array, AT(tags) },
	{ SC("blocked"), KEY_BLOCKED, set_bool, AT(blocked) },
};

/* LiteLLM's members that change nothing here: ignored, and said so in a header. */
static const struct str ignored[] = { SC("send_invite_email"),
				      SC("key_type"),
				      SC("allowed_cache_controls"),
				      SC("config"),
				      SC("new_key"),
				      SC("soft_budget_cooldown"),
				      SC("project_id") };

/* Its members that would narrow what a key may do, which this gate would not keep. Refused unless
 * empty. */
static const struct str narrowing[] = {
	SC("model_max_budget"),
	SC("model_rpm_limit"),
	SC("model_tpm_limit"),
	SC("permissions"),
	SC("guardrails"),
	SC("allowed_routes"),
	SC("enforced_params"),
	SC("budget_id"),
	SC("temp_budget_increase"),
	SC("temp_budget_expiry"),
	SC("organization_id"),
	SC("auto_rotate"),
	SC("rotation_interval"),
	SC("allowed_passthrough_routes"),
	SC("allowed_vector_store_indexes"),
	SC("object_permission"),
	SC("policies"),
	SC("prompts"),
	SC("rpm_limit_type"),
	SC("tpm_limit_type"),
	SC("agent_id"),
	SC("access_group_ids"),
};

static bool in_list(const struct json *member, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_str_eq(member, list[i]))
			return true;
	return false;
}

static bool says_nothing(const struct json *v)
{
	return is_null(v) || json_is(v, JSON_FALSE) || (json_is(v, JSON_STRING) && v->n == 0) ||
	       ((json_is(v, JSON_ARRAY) || json_is(v, JSON_OBJECT)) && v->skip == 1);
}

static void note_ignored(struct conn *c, struct str name)
{
	struct buf b;

	buf_init(&b, 1024);
	buf_add(&b, c->ignored);
	buf_add(&b, c->ignored.n ? S(", ") : S(""));
	buf_add(&b, name);
	if (b.err == OK)
		c->ignored = arena_dup(&c->arena, buf_str(&b));
	buf_free(&b);
}

static enum err one_member(struct conn *c, const struct json *key, struct diag *d)
{
	const struct json *v = key + 1;

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const struct field *f = &fields[i];
		if (!json_str_eq(key, f->name))
			continue;
		c->key.mask |= f->bit;
		return f->set(c, f->name, v, (char *)&c->key + f->at, d);
	}
	struct str name = json_str(&c->arena, key);
	if (name.p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (in_list(key, narrowing, sizeof narrowing / sizeof narrowing[0])) {
		if (says_nothing(v))
			return OK;
		return diag_param(d, ERR_UNSUPPORTED, name,
				  "'%.*s' is not supported: a key without it would allow more "
				  "than was asked for",
				  FMT(name));
	}
	if (in_list(key, ignored, sizeof ignored / sizeof ignored[0])) {
		note_ignored(c, name);
		return OK;
	}
	if (says_nothing(v)) /* a client that sends all that LiteLLM of its day has */
		return OK;
	return diag_param(d, ERR_SYNTAX, str_head(name, 90), "unknown member of a key");
}

enum err key_fields(struct conn *c, const struct json *body, struct diag *d)
{
	c->key = (struct control_key){ .rpm = -1, .tpm = -1, .parallel = -1, .budget_pico = -1,
				       .soft_budget_pico = -1 };
	c->secret = S("");
	c->secret_given = false;
	if (body == NULL)
		return OK;
	JSON_EACH_MEMBER(body, key)
		TRY(one_member(c, key, d));
	return OK;
}

enum err body_object(struct conn *c, const struct json **out, struct diag *d)
{
	size_t at = 0;

	*out = NULL;
	if (str_trim(c->content).n == 0)
		return OK;
	enum err e = json_read(&c->arena, c->content, out, &at);
	if (e != OK)
		return diag_set(d, e, "the body is no JSON text: byte %zu", at);
	return json_is(*out, JSON_OBJECT)
		       ? OK
		       : diag_set(d, ERR_SYNTAX, "the body must be a JSON object");
}

/* ---- to JSON ---- */

void key_hash_text(struct buf *b, const uint8_t hash[32])
{
	jw_quote_open(b);
	buf_addhex(b, (struct str){ (const char *)hash, 32 });
	jw_quote_close(b);
}

static void text_or_null(struct buf *b, struct str name, struct str s)
{
	if (s.n)
		jw_kv_str(b, name, s);
	else
		jw_kv_raw(b, name, S("null"));
}

static void limit(struct buf *b, struct str name, int64_t v)
{
	if (v < 0)
		jw_kv_raw(b, name, S("null"));
	else
		jw_kv_int(b, name, v);
}

static void money(struct buf *b, struct str name, int64_t pico)
{
	jw_key(b, name);
	if (pico < 0)
		jw_null(b);
	else
		jw_number(b, pico, MONEY_SCALE);
}

static void when(struct buf *b, struct str name, int64_t ms)
{
	char text[CLOCK_TEXT];

	if (ms == 0)
		jw_kv_raw(b, name, S("null"));
	else
		jw_kv_str(b, name, clock_format_ms(ms, text));
}

static void duration(struct buf *b, struct str name, int64_t s)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	char text[32];

	if (s == 0) {
		jw_kv_raw(b, name, S("null"));
		return;
	}
	for (unsigned i = 0; i < 4; i++) {
		if (s % units[i].seconds != 0)
			continue;
		(void)snprintf(text, sizeof text, "%lld%c", (long long)(s / units[i].seconds),
			       units[i].unit);
		jw_kv_str(b, name, str_z(text));
		return;
	}
}

void key_members(struct buf *b, const struct control_key *k)
{
	jw_kv_str(b, S("key_name"), k->name);
	text_or_null(b, S("key_alias"), k->alias);
	money(b, S("spend"), k->spent_pico < 0 ? 0 : k->spent_pico);
	when(b, S("expires"), k->expires_ms);
	jw_key(b, S("models"));
	jw_arr(b);
	for (uint32_t i = 0; i < k->n_models; i++)
		jw_str(b, k->models[i]);
	jw_arr_end(b);
	jw_kv_raw(b, S("aliases"), k->aliases.n ? k->aliases : S("{}"));
	jw_kv_raw(b, S("config"), S("{}"));
	text_or_null(b, S("user_id"), k->user);
	text_or_null(b, S("team_id"), k->team);
	jw_kv_raw(b, S("permissions"), S("{}"));
	limit(b, S("max_parallel_requests"), k->parallel);
	jw_kv_raw(b, S("metadata"), k->metadata.n ? k->metadata : S("{}"));
	jw_kv_raw(b, S("tags"), k->tags.n ? k->tags : S("[]"));
	limit(b, S("tpm_limit"), k->tpm);
	limit(b, S("rpm_limit"), k->rpm);
	money(b, S("max_budget"), k->budget_pico);
	money(b, S("soft_budget"), k->soft_budget_pico);
	duration(b, S("budget_duration"), k->budget_period_s);
	when(b, S("budget_reset_at"), k->budget_reset_ms);
	jw_kv_raw(b, S("model_spend"), S("{}"));
	jw_kv_raw(b, S("model_max_budget"), S("{}"));
	jw_kv_bool(b, S("blocked"), k->blocked);
	when(b, S("created_at"), k->created_ms);
}
