/*
 * base/banned.h - functions this tree does not use; naming one is a compile error.
 * Included on the compiler's command line after the system headers of each file, see the Makefile.
 * Replacements: base/buf.h for building strings, base/num.h for numbers, sys/time.h for dates.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With clang, _FORTIFY_SOURCE makes macros of these two. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok gets
#pragma GCC poison atoi atol atoll strtol sscanf localtime gmtime ctime asctime
#undef alloca
#pragma GCC poison popen alloca tmpnam mktemp

/* A field may be called system, as in every chat format; the function may not be called. */
#define system(command) banned_function_system

#endif
