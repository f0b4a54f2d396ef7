/* tests/unit/config/sample.h - a configuration from strings: files, variables and a vault in memory. */
#ifndef TESTS_CONFIG_SAMPLE_H
#define TESTS_CONFIG_SAMPLE_H

#include "config/config.h"

#include "../check.h"

struct sample {
	const char *files[9][2]; /* path, text */
	const char *env[9][2];
	const char *vault[5][2];
	bool survey;
	/* what came of it */
	struct arena arena;
	struct config c;
	struct diag d;
	enum err err;
};

__attribute__((unused)) static struct str sample_find(const char *const (*rows)[2], size_t n, struct str name)
{
	for (size_t i = 0; i < n && rows[i][0]; i++)
		if (str_eq(str_z(rows[i][0]), name))
			return str_z(rows[i][1]);
	return (struct str){ NULL, 0 };
}

__attribute__((unused)) static struct str sample_env(void *ctx, struct str name)
{
	const struct sample *s = ctx;

	return sample_find(s->env, 9, name);
}

__attribute__((unused)) static struct str sample_vault(void *ctx, struct str name)
{
	const struct sample *s = ctx;

	return sample_find(s->vault, 5, name);
}

__attribute__((unused)) static enum err sample_read(void *ctx, const char *path, struct buf *out, struct diag *d)
{
	const struct sample *s = ctx;
	struct str text = sample_find(s->files, 9, str_z(path));

	if (text.p == NULL)
		return diag_set(d, ERR_NOT_FOUND, "cannot open '%s'", path);
	buf_add(out, text);
	return out->err;
}

/* sample_load compiles files[0]; without files the default configuration. sample_done after it. */
__attribute__((unused)) static void sample_load(struct sample *s)
{
	struct config_io io = { sample_env, sample_vault, sample_read, s, s->survey };

	arena_init(&s->arena, 64 << 20);
	if (s->files[0][0])
		s->err = config_load(s->files[0][0], &io, &s->arena, &s->c, &s->d);
	else
		s->err = config_default(&io, &s->arena, &s->c, &s->d);
}

__attribute__((unused)) static void sample_done(struct sample *s)
{
	arena_wipe(&s->arena);
}

/* There is a note for path whose reason contains why; sample_status is its status. */
__attribute__((unused)) static enum config_status sample_status(const struct sample *s, const char *path,
								const char *why)
{
	for (uint32_t i = 0; i < s->c.n_notes; i++)
		if (str_eq(s->c.notes[i].path, str_z(path)) &&
		    str_find(s->c.notes[i].why, str_z(why)) != SIZE_MAX)
			return s->c.notes[i].status;
	return CONFIG_STATUS_COUNT;
}

__attribute__((unused)) static bool sample_note(const struct sample *s, const char *path, const char *why)
{
	return sample_status(s, path, why) != CONFIG_STATUS_COUNT;
}

static const struct policy_deployment sample_no_dep = { .serves = SERVES_COUNT };
static const struct upstream sample_no_up = { .auth = AUTH_COUNT, .secret = UPSTREAM_NO_SECRET };

__attribute__((unused)) static bool sample_has(const struct sample *s, const char *name)
{
	struct str star;

	return policy_model_find(&s->c.policy, str_z(name), &star) != NULL;
}

/* The nth deployment of a public name and its upstream; empty ones, never NULL, where there is none. */
__attribute__((unused)) static const struct policy_deployment *sample_dep(const struct sample *s, const char *name,
									  uint32_t nth)
{
	struct str star;
	const struct policy_model *m = policy_model_find(&s->c.policy, str_z(name), &star);

	return m && nth < m->n_deployments ? &s->c.policy.deployments[m->deployments[nth]] : &sample_no_dep;
}

__attribute__((unused)) static const struct upstream *sample_up(const struct sample *s, const char *name, uint32_t nth)
{
	const struct policy_deployment *d = sample_dep(s, name, nth);

	return d->serves < SERVES_ECHO ? &s->c.upstreams.rows[d->upstream] : &sample_no_up;
}

__attribute__((unused)) static struct str sample_key(const struct sample *s, const char *name, uint32_t nth)
{
	const struct upstream *u = sample_up(s, name, nth);

	return u->secret != UPSTREAM_NO_SECRET ? s->c.secrets[u->secret].value : S("");
}

#endif
