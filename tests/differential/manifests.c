/*
 * tests/differential/manifests.c - answers manifests.py: reads lines "MODE PATH" and answers each
 * with lines of JSON and an empty line. Modes: toml, pickle, cyclonedx, spdx (a sample is written,
 * PATH is ignored), or the number of a kind of manifest.
 */
#include "../manifest_dump.h"
#include "../sbom_sample.h"

#include "codec/pickle.h"
#include "codec/toml.h"

#include <stdio.h>
#include <string.h>

static void slurp(const char *path, struct buf *b)
{
	FILE *in = fopen(path, "re");

	if (in == NULL)
		abort();
	for (size_t n = 1; n > 0;) {
		char *at = buf_room(b, 4096);
		n = at ? fread(at, 1, 4096, in) : 0;
		buf_grew(b, n);
	}
	(void)fclose(in);
}

static void toml_scalar(struct buf *b, const struct toml *t)
{
	if (t->type == TOML_STRING)
		jw_str(b, t->text);
	else if (t->type == TOML_INTEGER)
		jw_int(b, t->integer);
	else if (t->type == TOML_BOOL)
		jw_bool(b, t->integer != 0);
	else {
		jw_obj(b);
		jw_kv_str(b, t->type == TOML_FLOAT ? S("float") : S("datetime"), t->text);
		jw_obj_end(b);
	}
}

static void toml_tree(struct buf *b, const struct toml *root)
{
	const struct toml *stack[80], *t = root->first;
	unsigned depth = 1;

	stack[0] = root;
	jw_obj(b);
	while (depth > 0) {
		const struct toml *in = stack[depth - 1];
		if (t == NULL) {
			if (in->type == TOML_ARRAY)
				jw_arr_end(b);
			else
				jw_obj_end(b);
			depth--;
			t = in->next;
			continue;
		}
		if (in->type == TOML_TABLE) {
			jw_quote_open(b);
			jw_str_add(b, t->key);
			jw_quote_close(b);
			buf_addc(b, ':');
		}
		if (t->type == TOML_ARRAY || t->type == TOML_TABLE) {
			if (t->type == TOML_ARRAY)
				jw_arr(b);
			else
				jw_obj(b);
			stack[depth++] = t;
			t = t->first;
			continue;
		}
		toml_scalar(b, t);
		t = t->next;
	}
	buf_addc(b, '\n');
}

static void on_toml(struct str text, struct buf *b)
{
	const struct toml *root;
	struct arena a;
	struct diag d;

	arena_init(&a, 64 << 20);
	if (toml_parse(text, &a, 100000, &root, &d) == OK)
		toml_tree(b, root);
	else
		buf_addf(b, "\"%s\"\n", d.text);
	arena_done(&a);
}

/* Opcodes as [name, offset] up to STOP, then imports. */
static void on_pickle(struct str text, struct buf *b)
{
	struct pickle_import i;
	struct pickle_op op;
	struct pickle p;
	struct arena a;
	bool more = true;
	size_t at = 0;

	jw_arr(b);
	while (pickle_next(text, at, &op) == OK) {
		jw_arr(b);
		jw_str(b, str_z(op.name));
		jw_uint(b, op.at);
		jw_arr_end(b);
		at += op.n;
		if (op.code == '.')
			break;
	}
	jw_arr_end(b);
	buf_addc(b, '\n');
	arena_init(&a, 64 << 20);
	pickle_init(&p, text, &a);
	jw_arr(b);
	while (pickle_import(&p, &i, &more) == OK && more) {
		jw_arr(b);
		jw_str(b, i.module);
		jw_str(b, i.name);
		jw_arr_end(b);
	}
	jw_arr_end(b);
	jw_str(b, p.stopped ? S("stopped") : S("failed"));
	buf_addc(b, '\n');
	arena_done(&a);
}

static void answer(const char *mode, const char *path, struct buf *b)
{
	struct buf text;
	struct sbom s;

	buf_init(&text, 64 << 20);
	sbom_sample(&s);
	if (strcmp(mode, "cyclonedx") == 0) {
		sbom_cyclonedx(&s, b);
	} else if (strcmp(mode, "spdx") == 0) {
		sbom_spdx(&s, b);
	} else {
		slurp(path, &text);
		enum manifest kind = manifest_kind(str_z(strrchr(path, '/') + 1));
		if (strcmp(mode, "toml") == 0)
			on_toml(buf_str(&text), b);
		else if (strcmp(mode, "pickle") == 0)
			on_pickle(buf_str(&text), b);
		else if (kind != MANIFEST_NONE)
			(void)dump_manifest(kind, str_z(path), buf_str(&text), b);
	}
	buf_free(&text);
}

int main(void)
{
	char line[4096];
	struct buf b;

	buf_init(&b, 64 << 20);
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *path = strchr(line, ' ');
		line[strcspn(line, "\n")] = 0;
		if (path != NULL)
			*path++ = 0;
		buf_reset(&b);
		answer(line, path, &b);
		(void)fwrite(b.p, 1, b.n, stdout);
		(void)putchar('\n');
		(void)fflush(stdout);
	}
	return 0;
}
