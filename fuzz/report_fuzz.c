/*
 * fuzz/report_fuzz.c - reports of a checker that was taken over. Oracles: what is read is written
 * and read again the same; escaped text is printable and gives back its bytes.
 * Proves T-28.
 */
#include "inspect/report.h"

#include "inspect/sarif.h"

#include "fuzz/fuzz.h"

static void check_escape(struct str in)
{
	struct buf text, back;

	buf_init(&text, 1 << 20);
	buf_init(&back, 1 << 20);
	report_escape(&text, in);
	for (size_t i = 0; i < text.n; i++)
		CHECK((unsigned char)text.p[i] >= 0x20 && text.p[i] != 0x7f);
	CHECK(report_unescape(&back, buf_str(&text)) == OK && str_eq(buf_str(&back), in));
	buf_free(&text);
	buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct report r, again;
	struct buf one, two;
	struct arena a;

	if (n > 1 << 14)
		return 0;
	check_escape(in);
	arena_init(&a, 64 << 20);
	buf_init(&one, 16 << 20);
	buf_init(&two, 16 << 20);
	if (report_read(&r, &a, in, NULL) == OK) {
		report_write(&r, NULL, &one);
		CHECK(one.err == OK && report_read(&again, &a, buf_str(&one), NULL) == OK);
		/* Sorting makes neighbours of equal findings, and reading keeps one of them. */
		report_write(&again, NULL, &two);
		CHECK(two.err == OK && report_read(&again, &a, buf_str(&two), NULL) == OK);
		buf_reset(&one);
		report_write(&again, NULL, &one);
		CHECK(str_eq(buf_str(&one), buf_str(&two)));
		buf_reset(&two);
		sarif_run(&r, &two);
		CHECK(two.err == OK);
	}
	buf_free(&one);
	buf_free(&two);
	arena_done(&a);
	return 0;
}
