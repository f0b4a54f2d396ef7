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
#endif
