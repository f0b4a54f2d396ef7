/* tests/inspect/tokens.c - prints the tokens of a Python file: kind, begin, end. For tokens.py. */
#include "inspect/python_lex.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "end",    "name",	"number", "string", "fstart",
					     "fmiddle", "fend", "regex",  "op",	    "newline",
					     "indent", "dedent", "comment", "error" };
	static char text[8 << 20];
	static struct token toks[4096];
	struct python_lexer lx;
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (file == NULL)
		return 66;
	size_t n = fread(text, 1, sizeof text, file);
	(void)fclose(file);
	python_lex_init(&lx, (struct str){ text, n }, NULL);
	lx.comments = true;
	for (size_t got; (got = python_lex(&lx, toks, 4096)) > 0;) {
		for (size_t i = 0; i < got; i++)
			printf("%s %u %u\n", kinds[toks[i].kind], toks[i].at,
			       toks[i].at + toks[i].n);
	}
	return 0;
}
