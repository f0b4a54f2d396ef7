/* head */
#ifndef A
#define A

int f(const char *p);
int g(void);

/* c */
int h(int a,
      int b);
int i(void);
int j(void); /* k */

static inline int k(void)
{
	return 1;
}

int l(void); /* own */
int (*m)(void);
enum e { X(1) };

A_LIST(X)

/* functions by their type */
set_fn set_a, set_b;

#define SETTER(name) \
	static int name(int a)
#endif
