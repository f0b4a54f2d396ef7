/* codec/a.c. Input: hostile. Fuzz: fuzz/a_fuzz.c */
#include "sys/loop.h"
#include "b.h"
static int counter;
static const int fine = 1;
static const char *names[] = { "a", "b" };
static const char *const good[] = { "a", "b" };
static int (*hook)(void);
static int table[4] = { 1, 2 };
_Thread_local int t;
struct s { int x; };
enum { A, B };
static const struct s *const list[] = { 0 };
int f(const char *p);
static struct s s1 = { .x = (1) };
__attribute__((format(printf, 1, 2)))
int f(const char *p)
{
	static int calls;
	static const int x[] = { 1 };
	static const char *last;
	goto out; /* goto */
out: 
	return 0;
}
extern int g;
typedef int fn(void);
int after;
static int (*const dispatch[2])(const char *) = { 0 };
static int (*open[2])(const char *) = { 0 };
