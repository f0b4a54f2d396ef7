/* tests/manifest_dump.h - what a manifest gave, one JSON text a line: packages, then findings. */
#ifndef TESTS_MANIFEST_DUMP_H
#define TESTS_MANIFEST_DUMP_H

#include "codec/jw.h"
#include "package/manifest.h"
#include "package/sbom_write.h"

static void dump_package(struct buf *b, const struct package *p)
{
	jw_obj(b);
	jw_kv_str(b, S("eco"), ecosystem_purl(p->eco));
	jw_kv_str(b, S("name"), p->name);
	if (p->version.n > 0)
		jw_kv_str(b, S("version"), p->version);
	if (p->wanted.n > 0)
		jw_kv_str(b, S("wanted"), p->wanted);
	jw_kv_str(b, S("origin"), sbom_origin(p->origin));
	if (p->url.n > 0)
		jw_kv_str(b, S("url"), p->url);
	jw_kv_int(b, S("line"), p->line);
	if (p->direct)
		jw_kv_bool(b, S("direct"), true);
	if (p->dev)
		jw_kv_bool(b, S("dev"), true);
	if (p->scripts)
		jw_kv_bool(b, S("scripts"), true);
	if (p->n_hashes > 0) {
		jw_key(b, S("hashes"));
		jw_arr(b);
		for (size_t i = 0; i < p->n_hashes; i++) {
			jw_quote_open(b);
			buf_add(b, p->hashes[i].algorithm);
			buf_addc(b, ':');
			buf_addhex(b, (struct str){ (const char *)p->hashes[i].bytes,
						    p->hashes[i].n });
			jw_quote_close(b);
		}
		jw_arr_end(b);
	}
	if (p->identity != NULL) {
		jw_key(b, S("identity"));
		jw_arr(b);
		for (const struct package_identity *i = p->identity; i != NULL; i = i->next) {
			jw_obj(b);
			jw_kv_str(b, S("key"), i->key);
			jw_kv_str(b, S("value"), i->value);
			jw_obj_end(b);
		}
		jw_arr_end(b);
	}
	jw_obj_end(b);
	buf_addc(b, '\n');
}

static void dump_finding(struct buf *b, const struct finding *f)
{
	jw_obj(b);
	jw_kv_str(b, S("rule"), rule_row(f->rule)->id);
	if (f->package.n > 0)
		jw_kv_str(b, S("package"), f->package);
	jw_kv_int(b, S("line"), f->line);
	if (f->excerpt.n > 0)
		jw_kv_str(b, S("excerpt"), f->excerpt);
	if (f->detail.n > 0)
		jw_kv_str(b, S("detail"), f->detail);
	jw_obj_end(b);
	buf_addc(b, '\n');
}

/* Reads text as kind and appends all lines; the last one is the error, if there is one. */
__attribute__((unused)) static enum err dump_manifest(enum manifest kind, struct str path,
						      struct str text, struct buf *b)
{
	struct arena scratch, arena;
	struct package_list list;
	struct findings f;
	struct diag d = { 0 };

	arena_init(&scratch, (size_t)1 << 30);
	arena_init(&arena, (size_t)1 << 30);
	package_list_init(&list, &arena, 1 << 20);
	findings_init(&f, &arena);
	enum err e = manifest_read(kind, path, text, &scratch, &list, &f, &d);
	arena_done(&scratch); /* nothing of what follows may live there */
	for (size_t i = 0; i < list.n; i++)
		dump_package(b, &list.items[i]);
	for (size_t i = 0; i < f.n; i++)
		dump_finding(b, &f.items[i]);
	if (e != OK) {
		jw_obj(b);
		jw_kv_str(b, S("error"), str_z(err_text(e)));
		jw_kv_str(b, S("detail"), str_z(diag_text(&d)));
		jw_obj_end(b);
		buf_addc(b, '\n');
	}
	arena_done(&arena);
	return e;
}

#endif
