/*
 * tests/differential/versions.c - asks package/ what others are asked too. One question a line,
 * fields separated by tabs; one answer a line.
 *
 *	cmp ECO A B          -1, 0, 1, or "invalid"
 *	in ECO RANGE V PRE   yes, no, or "invalid"; PRE: named or all
 *	canonical ECO V      its canonical form, or "invalid"
 *	name ECO N           its normal form
 *	requirement TEXT     name, extras, specifier, url, marker; or "invalid"
 */
#include "base/buf.h"
#include "package/requirement.h"
#include "package/version.h"

#include <stdio.h>

enum { FIELDS = 5, LINE = 64 << 10 };

static enum ecosystem eco_of(struct str s)
{
	return str_eq(s, S("pypi")) ? ECO_PYPI : str_eq(s, S("npm")) ? ECO_NPM : ECO_OTHER;
}

static void answer_cmp(struct str *f, struct buf *out)
{
	bool valid;
	int c = version_cmp(eco_of(f[1]), f[2], f[3], &valid);

	if (valid)
		buf_addi(out, (c > 0) - (c < 0));
	else
		buf_add(out, S("invalid"));
}

static void answer_in(struct str *f, struct buf *out)
{
	bool in;
	enum version_pre pre = str_eq(f[4], S("all")) ? VERSION_PRE_ALL : VERSION_PRE_NAMED;

	if (version_in_range(eco_of(f[1]), f[2], f[3], pre, &in) != OK)
		buf_add(out, S("invalid"));
	else
		buf_add(out, in ? S("yes") : S("no"));
}

static void answer_requirement(struct str text, struct buf *out)
{
	struct requirement r;

	if (requirement_parse(text, &r, NULL) != OK) {
		buf_add(out, S("invalid"));
		return;
	}
	buf_add(out, r.name);
	buf_addc(out, '\t');
	for (unsigned i = 0; i < r.n_extras; i++) {
		buf_add(out, i ? S(",") : S(""));
		buf_add(out, r.extras[i]);
	}
	buf_addf(out, "\t%.*s\t%.*s\t%.*s", FMT(r.specifier), FMT(r.url), FMT(r.marker));
}

static void answer(struct str *f, struct buf *out)
{
	if (str_eq(f[0], S("cmp")))
		answer_cmp(f, out);
	else if (str_eq(f[0], S("in")))
		answer_in(f, out);
	else if (str_eq(f[0], S("canonical")) && version_valid(eco_of(f[1]), f[2]))
		version_canonical(eco_of(f[1]), f[2], out);
	else if (str_eq(f[0], S("name")))
		package_name_normalise(eco_of(f[1]), f[2], out);
	else if (str_eq(f[0], S("requirement")))
		answer_requirement(f[1], out);
	else
		buf_add(out, S("invalid"));
	buf_addc(out, '\n');
}

int main(void)
{
	static char line[LINE];
	struct buf out;

	buf_init(&out, 2 * LINE);
	while (fgets(line, sizeof line, stdin)) {
		struct str f[FIELDS] = { { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 } };
		struct str rest = str_z(line);
		rest = str_head(rest, str_chr(rest, '\n'));
		for (size_t i = 0; i < FIELDS && rest.n; i++)
			f[i] = str_cut(rest, '\t', &rest);
		answer(f, &out);
		if (fwrite(out.p, 1, out.n, stdout) != out.n)
			return 1;
		buf_reset(&out);
	}
	buf_free(&out);
	return 0;
}
