/*
 * verify/document.c - the documents of package indexes about who made an artifact, to the parts
 * that verify_bundle checks (PEP 740; npm's attestations and signatures).
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_document_fuzz.c
 */
#include "verify/part.h"
#include "verify/provenance.h"

static const char rule_pypi[] = "PEP 740";
static const char rule_npm[] = "npm attestations";
static const char rule_version[] = "npm registry signatures";

static const struct str words[DOCUMENT_KINDS] = {
#define X(code, name) SC(name),
	DOCUMENT_LIST(X)
#undef X
};

struct str document_word(enum document_kind k)
{
	return words[k];
}

/* ---- attestations, as they are found ---- */

static struct attestation *add(struct fields *f, struct document *doc)
{
	if (f->err != OK)
		return NULL;
	if (doc->n == LIMIT_ATTESTATIONS) {
		f->err = diag_set(f->d, ERR_LIMIT, "more than %d attestations of one file (%s)",
				  LIMIT_ATTESTATIONS, f->rule);
		return NULL;
	}
	return &doc->items[doc->n++];
}

static void make_room(struct fields *f, struct document *doc)
{
	doc->items = NEW_ARRAY(f->a, struct attestation, LIMIT_ATTESTATIONS);
	if (doc->items == NULL && f->err == OK)
		f->err = diag_set(f->d, ERR_LIMIT,
				  "more memory is needed than one document may "
				  "use");
}

/* ---- PEP 740 ---- */

/* Both objects of PEP 740 have a version, a number. */
static void read_version(struct fields *f, const struct json *v)
{
	int64_t version = 0;

	if (f->err == OK && (json_i64(json_get(v, S("version")), &version) != OK || version != 1))
		field_fail(f, "version", "is not 1");
}

/* The same parts as in a bundle, under other names. */
static void read_attestation(struct fields *f, const struct json *v, struct attestation *to)
{
	struct bundle *b = &to->bundle;

	*b = (struct bundle){ .version = BUNDLE_V03, .is_dsse = true, .hash = HASH_NONE };
	b->payload_type = S("application/vnd.in-toto+json");
	field_only(f, v, "version verification_material envelope");
	read_version(f, v);
	const struct json *material = field_get(f, v, "verification_material", JSON_OBJECT, true);
	field_only(f, material, "certificate transparency_entries");
	b->certs[0] = field_bytes(f, material, "certificate", true);
	b->n_certs = 1;
	const struct json *entries = field_get(f, material, "transparency_entries", JSON_ARRAY,
					       true);
	if (entries != NULL && json_count(entries) != 1)
		field_fail(f, "transparency_entries", "is not one entry");
	if (f->err == OK)
		f->err = bundle_entry_read(&b->entries[b->n_entries++], entries + 1, f->a, f->d);
	const struct json *envelope = field_get(f, v, "envelope", JSON_OBJECT, true);
	field_only(f, envelope, "statement signature");
	b->payload = field_bytes(f, envelope, "statement", true);
	b->signature = field_bytes(f, envelope, "signature", true);
}

/* Each kind of publisher has members of its own; those that say who it is are read. */
static void read_publisher(struct fields *f, const struct json *v, struct publisher *p)
{
	p->kind = field_text(f, v, "kind", true);
	p->repository = field_text(f, v, "repository", false);
	p->workflow = field_text(
		f, v, str_eq(p->kind, S("GitLab")) ? "workflow_filepath" : "workflow", false);
	p->environment = field_text(f, v, "environment", false);
	p->email = field_text(f, v, "email", false);
}

static void read_bundle(struct fields *f, const struct json *v, struct document *doc)
{
	struct publisher p = { .kind = S("") };
	struct attestation *to;

	if (f->err == OK && !json_is(v, JSON_OBJECT))
		field_fail(f, "attestation_bundles", "is no list of objects");
	field_only(f, v, "publisher attestations");
	const struct json *who = field_get(f, v, "publisher", JSON_OBJECT, true);
	if (who != NULL)
		read_publisher(f, who, &p);
	const struct json *list = field_get(f, v, "attestations", JSON_ARRAY, true);
	if (list == NULL)
		return;
	JSON_EACH_ITEM (list, it) {
		if ((to = add(f, doc)) == NULL)
			return;
		to->publisher = p;
		if (!json_is(it, JSON_OBJECT))
			field_fail(f, "attestations", "is no list of objects");
		else
			read_attestation(f, it, to);
	}
}

static void read_pep740(struct fields *f, const struct json *v, struct document *doc)
{
	field_only(f, v, "version attestation_bundles");
	read_version(f, v);
	const struct json *list = field_get(f, v, "attestation_bundles", JSON_ARRAY, true);
	if (list == NULL)
		return;
	JSON_EACH_ITEM (list, it)
		read_bundle(f, it, doc);
}

static void read_pep740_one(struct fields *f, const struct json *v, struct document *doc)
{
	struct attestation *to = add(f, doc);

	if (to != NULL)
		read_attestation(f, v, to);
}

/* ---- Sigstore's bundle, and npm's list of them ---- */

static void read_sigstore(struct fields *f, const struct json *v, struct document *doc)
{
	struct attestation *to = add(f, doc);

	if (to != NULL)
		f->err = bundle_parse(&to->bundle, json_raw(v), f->a, f->d);
	/* sigstore-js sent roots along before it was version 1. None is believed for that: the
	 * signer's certificate alone is taken, and the trusted root leads up from it. */
	if (to != NULL && doc->kind == DOCUMENT_NPM && to->bundle.n_certs > 1)
		to->bundle.n_certs = 1;
}

static void read_npm(struct fields *f, const struct json *v, struct document *doc)
{
	const struct json *list = field_get(f, v, "attestations", JSON_ARRAY, true);

	if (list == NULL)
		return;
	JSON_EACH_ITEM (list, it) {
		if (!json_is(it, JSON_OBJECT)) {
			field_fail(f, "attestations", "is no list of objects");
			return;
		}
		struct str type = field_text(f, it, "predicateType", true);
		const struct json *bundle = field_get(f, it, "bundle", JSON_OBJECT, true);
		if (bundle == NULL)
			return;
		read_sigstore(f, bundle, doc);
		if (f->err == OK)
			doc->items[doc->n - 1].predicate_type = type;
	}
}

/* ---- what the registry signs of each version ---- */

static void read_npm_version(struct fields *f, const struct json *v, struct document *doc)
{
	struct npm_version *n = &doc->npm;
	const struct json *dist = field_get(f, v, "dist", JSON_OBJECT, true);

	n->name = field_text(f, v, "name", true);
	n->version = field_text(f, v, "version", true);
	n->integrity = field_text(f, dist, "integrity", true);
	const struct json *list = field_get(f, dist, "signatures", JSON_ARRAY, false);
	if (list == NULL)
		return;
	JSON_EACH_ITEM (list, it) {
		if (n->n_signatures == LIMIT_ATTESTATIONS || !json_is(it, JSON_OBJECT)) {
			field_fail(f, "signatures", "is no list of 16 signatures at most");
			return;
		}
		n->signatures[n->n_signatures].key_id = field_text(f, it, "keyid", true);
		n->signatures[n->n_signatures++].sig = field_bytes(f, it, "sig", true);
	}
}

/* ---- which of them it is ---- */

static const struct form {
	struct str member; /* that only this one has */
	const char *rule;
	void (*read)(struct fields *f, const struct json *v, struct document *doc);
} forms[DOCUMENT_KINDS] = {
	[DOCUMENT_BUNDLE] = { SC("mediaType"), "protobuf-specs, sigstore_bundle.proto",
			      read_sigstore },
	[DOCUMENT_PEP740] = { SC("attestation_bundles"), rule_pypi, read_pep740 },
	[DOCUMENT_PEP740_ONE] = { SC("verification_material"), rule_pypi, read_pep740_one },
	[DOCUMENT_NPM] = { SC("attestations"), rule_npm, read_npm },
	[DOCUMENT_NPM_VERSION] = { SC("dist"), rule_version, read_npm_version },
};

enum err document_read(struct document *out, struct str text, struct arena *a, struct diag *d)
{
	struct fields f = { a, d, "none of the documents that are known", OK };
	unsigned kind = 0;

	*out = (struct document){ .n = 0 };
	if (text.n > LIMIT_BUNDLE)
		return diag_set(d, ERR_LIMIT, "a document has %d bytes at most", LIMIT_BUNDLE);
	const struct json *v = field_root(&f, text);
	if (f.err != OK)
		return f.err;
	while (kind < DOCUMENT_KINDS && json_get(v, forms[kind].member) == NULL)
		kind++;
	if (kind == DOCUMENT_KINDS)
		return diag_set(d, ERR_SYNTAX,
				"neither a Sigstore bundle nor provenance of PyPI or npm");
	out->kind = (enum document_kind)kind;
	f.rule = forms[kind].rule;
	make_room(&f, out);
	if (f.err == OK)
		forms[kind].read(&f, v, out);
	if (f.err == OK && kind != DOCUMENT_NPM_VERSION && out->n == 0)
		return diag_set(d, ERR_SYNTAX, "the document has no attestation (%s)", f.rule);
	return f.err;
}
