/* config/prices.c - the price table that is built in: data/prices.tsv as it is. Input: own. Runs
 * in: keeper, cli. */
#include "config/load.h"

#include "base/num.h"

#include <stdlib.h>

__asm__(".section .rodata.prices,\"a\"\n"
	".global prices_begin, prices_end\n"
	"prices_begin:\n"
	".incbin \"data/prices.tsv\"\n"
	"prices_end:\n"
	".byte 0\n"
	".previous\n");
extern const char prices_begin[], prices_end[];

static int64_t column(struct str *rest, unsigned scale, int64_t absent)
{
	struct str s = str_cut(*rest, '\t', rest);
	int64_t v;

	return s.n && num_scaled(s, scale, &v) == OK ? v : absent;
}

/* model, then dollars a token: input, output, cache read, cache write, reasoning; then tokens:
 * input, output. */
static void row_read(struct str line, struct policy_price_row *row)
{
	row->model = str_cut(line, '\t', &line);
	row->price.input = column(&line, 12, -1);
	row->price.output = column(&line, 12, -1);
	row->price.cache_read = column(&line, 12, -1);
	row->price.cache_write = column(&line, 12, -1);
	row->price.reasoning = column(&line, 12, -1);
	row->max_input_tokens = column(&line, 0, 0);
	row->max_output_tokens = column(&line, 0, 0);
}

static int by_model(const void *x, const void *y)
{
	const struct policy_price_row *a = x, *b = y;

	return str_cmp(a->model, b->model);
}

enum err prices_load(struct loader *l)
{
	struct policy *p = &l->out->policy;
	struct str text = { prices_begin, (size_t)(prices_end - prices_begin) }, rest = text;
	uint32_t lines = 0;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	p->prices = NEW_ARRAY(l->a, struct policy_price_row, lines + 1);
	if (p->prices == NULL)
		return diag_set(l->d, ERR_NOMEM, "out of memory");
	while (rest.n) {
		struct str line = str_cut(rest, '\n', &rest);
		if (str_has_prefix(line, S("# version: ")))
			p->price_version = str_tail(line, sizeof "# version: " - 1);
		else if (line.n && line.p[0] != '#')
			row_read(line, &p->prices[p->n_prices++]);
	}
	qsort(p->prices, p->n_prices, sizeof p->prices[0], by_model);
	return OK;
}
