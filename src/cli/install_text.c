/*
 * cli/install_text.c - what was judged, and what came of it.
 * Input: reports.   Runs in: cli.
 */
#include "cli/install.h"

#include "codec/jw.h"

static void count(const struct install *in, size_t n[VERDICT_COUNT])
{
	for (size_t i = 0; i < in->n; i++)
		n[in->items[i].report.judgement.verdict]++;
}

/* What to do about it. */
static const char *advice(const struct install *in)
{
	switch (in->verdict) {
	case VERDICT_PASS:
		return "";
	case VERDICT_HOLD:
		return ": look at what is held; then give --yes, or allow it with a reason in a "
		       "--policy";
	case VERDICT_BLOCK:
		return ": what is blocked is next to certainly bad, and --yes does not change that";
	case VERDICT_INCONCLUSIVE:
		return ": what could not be looked at is not known to be clean";
	case VERDICT_COUNT:
		break;
	}
	return "";
}

static void sum_up(struct install *in)
{
	struct buf *out = &in->cli->out;
	size_t n[VERDICT_COUNT] = { 0 };

	if (in->n == 0) {
		buf_add(out, S("there is nothing to install\n"));
		return;
	}
	count(in, n);
	buf_addf(out, "judged %zu:", in->n);
	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		if (n[v] > 0)
			buf_addf(out, " %zu %.*s", n[v], FMT(verdict_word((enum verdict)v)));
	buf_addc(out, '\n');
	if (!install_allowed(in))
		buf_addf(out, "nothing was installed%s\n", advice(in));
}

enum err install_show(struct install *in)
{
	bool all = cli_value(in->cli, "all") != NULL;

	for (size_t i = 0; !in->cli->json && i < in->n; i++) {
		const struct report *r = &in->items[i].report;
		if (!all && r->judgement.verdict == VERDICT_PASS)
			continue;
		check_text(in->cli, r, all);
		buf_addc(&in->cli->out, '\n');
	}
	if (!in->cli->json)
		sum_up(in);
	return cli_flush(in->cli);
}

static void json(struct install *in)
{
	struct buf *out = &in->cli->out, one;

	jw_obj(out);
	jw_kv_int(out, S("yett_reports"), REPORT_VERSION);
	jw_kv_str(out, S("verdict"), verdict_word(in->verdict));
	jw_key(out, S("installed"));
	jw_bool(out, in->installed);
	jw_key(out, S("reports"));
	jw_arr(out);
	buf_init(&one, REPORT_MAX);
	for (size_t i = 0; i < in->n; i++) {
		struct str line = in->items[i].text;
		buf_reset(&one);
		if (line.n == 0) {
			report_write(&in->items[i].report, NULL, &one);
			line = buf_str(&one);
		}
		jw_raw(out, str_head(line, line.n - 1)); /* without its newline */
	}
	buf_free(&one);
	jw_arr_end(out);
	jw_obj_end(out);
	buf_addc(out, '\n');
}

int install_end(struct install *in)
{
	if (in->cli->json)
		json(in);
	int status = cli_done(in->cli, OK);
	if (status != 0 || in->installed)
		return status;
	return verdict_exit(in->verdict);
}
