#include "codec/a.h"
#include "sys/b.h"
#include "cli/c.h"
struct cmd c = {
	.name = "key create",
};
