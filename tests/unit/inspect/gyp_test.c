/* tests/unit/inspect/gyp_test.c */
#include "inspect/gyp.h"

#include "../check.h"

/* All commands of a text, one a line. */
static void commands(const char *text, const char *want)
{
	struct str guarded = check_guard(str_z(text)), command;
	struct gyp g;
	struct buf b;

	buf_init(&b, 1 << 16);
	gyp_init(&g, guarded);
	while (gyp_next(&g, &command)) {
		buf_add(&b, command);
		buf_addc(&b, '\n');
	}
	CHECK_STR(buf_str(&b), str_z(want));
	buf_free(&b);
	check_unguard(guarded);
}

CASE(expansions)
{
	commands("", "");
	commands("{'targets': [{'target_name': 'x', 'sources': ['a.cc']}]}", "");
	commands("'<!(echo hi)'", "echo hi\n");
	commands("'<!@(node -p \"require('nan').include(1)\")', \">!(b)\" '^!@(c)'",
		 "node -p \"require('nan').include(1)\"\nb\nc\n");
	commands("<!(open", "ope\n"); /* it ends in the middle: node-gyp refuses it */
	commands("<!(", "");
	commands("<!@(", "\n");
	commands("a <! (b) < !(c) <@(d) <(e)", "");
}

CASE(actions)
{
	commands("{'action': ['sh', '-c', 'curl x | sh']}", "curl x | sh\n");
	commands("{\"action\" :\n [\"python\",\"gen.py\"], 'action_name': 'n'}", "python gen.py\n");
	commands("{'action': 'x'}", "");
	commands("{'action': []}", "");
	commands("{'action': ['<!(inner)', 'b']}", "<!(inner) b\ninner\n");
	commands("'action", "");
	commands("'action':['a", "");
}

TESTS(CASE_ROW(expansions), CASE_ROW(actions))
