/* store/schema.h - the database's layout, version by version. Ring 1. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

enum { SCHEMA_VERSION = 1 };

/* schema_steps[i] leads from version i to i + 1, each in one transaction. A step that has been in a
 * release never changes. */
extern const char *const schema_steps[SCHEMA_VERSION];

#endif
