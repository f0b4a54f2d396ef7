/*
 * tests/inspect/look.c - what source_inspect finds in files: one line for each finding, with
 * severity, rule, path, line, detail and excerpt, tabs between. For golden tests, twins and
 *corpora.
 *
 *	look [-r module|install|startup|script] [-l python|javascript|shell] [-c] [-q] FILE... -:
 *names from standard input
 */
#include "inspect/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct arena scratch, kept, tables;
static struct lexicon *lexicon;
static bool show_caps, quiet;
static int role = -1, language = -1;
static size_t files, bytes, slow_ms;

static void print_text(struct str s, size_t max)
{
	for (size_t i = 0; i < s.n && i < max; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 32 || c == '\\' || c >= 127)
			printf("\\x%02x", c);
		else
			putchar(c);
	}
}

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void judge(const char *path, struct str text)
{
	static const char *const severities[] = { "info", "hold", "block" };
	struct findings f;
	struct caps caps = { 0 };
	struct str name = str_z(path);
	enum language lang = language >= 0 ? (enum language)language : source_language(name, text);
	double from = now_ms();

	arena_reset(&scratch);
	arena_reset(&kept);
	findings_init(&f, &kept);
	source_inspect(lexicon, lang, role >= 0 ? (enum role)role : source_role(name), S(""), name,
		       text, &scratch, &f, &caps);
	double took = now_ms() - from;
	if (slow_ms && took > (double)slow_ms)
		fprintf(stderr, "slow: %.0f ms for %zu bytes: %s\n", took, text.n, path);
	files++;
	bytes += lang == LANG_NONE ? 0 : text.n;
	for (size_t i = 0; i < f.n && !quiet; i++) {
		const struct finding *x = &f.items[i];
		printf("%s\t", severities[rule_row(x->rule)->severity]);
		print_text(rule_row(x->rule)->id, 64);
		printf("\t%s\t%u\t", path, x->line);
		print_text(x->detail, 200);
		putchar('\t');
		print_text(x->excerpt, 160);
		putchar('\n');
	}
	if (show_caps && caps.bits) {
		printf("caps\t%s\t", path);
		for (enum cap_bit b = 0; b < CAP_COUNT; b++) {
			if (caps.bits & 1u << b)
				printf(" %.*s", FMT(cap_name(b)));
		}
		putchar('\n');
	}
}

static void file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		fprintf(stderr, "look: cannot read %s\n", path);
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	void *p = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	if (p != MAP_FAILED)
		judge(path, (struct str){ p, (size_t)st.st_size });
	if (p && p != MAP_FAILED)
		(void)munmap(p, (size_t)st.st_size);
	(void)close(fd);
}

int main(int argc, char **argv)
{
	static const char *const roles[] = { "module", "install", "startup", "script" };
	static const char *const languages[] = { "none", "python", "javascript", "shell" };
	char line[8192];
	int c;

	while ((c = getopt(argc, argv, "r:l:cqs:")) != -1) {
		for (int i = 0; i < 4 && c == 'r'; i++)
			role = strcmp(optarg, roles[i]) == 0 ? i : role;
		for (int i = 0; i < 4 && c == 'l'; i++)
			language = strcmp(optarg, languages[i]) == 0 ? i : language;
		show_caps |= c == 'c';
		quiet |= c == 'q';
		if (c == 's')
			slow_ms = (size_t)strtoul(optarg, NULL, 10);
	}
	arena_init(&scratch, SOURCE_SCRATCH);
	arena_init(&kept, 16 << 20);
	arena_init(&tables, 1 << 20);
	lexicon = lexicon_new(&tables);
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], "-") != 0) {
			file(argv[i]);
			continue;
		}
		while (fgets(line, sizeof line, stdin)) {
			line[strcspn(line, "\n")] = '\0';
			file(line);
		}
	}
	if (slow_ms)
		fprintf(stderr, "%zu files, %zu bytes of source\n", files, bytes);
	return 0;
}
