/* tests/unit/checker/starved_test.c - a check that was short of memory gives no report. */
#define main checker_main
int checker_main(int argc, char **argv);
#include "checker/main.c"
#undef main

#include "../check.h"

CASE(no_report_of_what_was_not_looked_at)
{
	static struct checker c;
	struct diag d = { 0 };

	report_init(&c.report, &c.arena);
	c.content.starved = true;
	CHECK(deliver(&c, 0, NULL, &d) == ERR_NOMEM && d.text[0] != '\0');
	c.content.starved = false;
	c.team.n = 2;
	c.team.workers[1].scratch.starved = true;
	CHECK(deliver(&c, 0, NULL, &d) == ERR_NOMEM);
}

TESTS(CASE_ROW(no_report_of_what_was_not_looked_at))
