/* cli/verify_text.h - reports of the verifier for people. Runs in: cli. */
#ifndef CLI_VERIFY_TEXT_H
#define CLI_VERIFY_TEXT_H

#include "cli/cli.h"

struct arena;
struct json;

/* verify_text_report says that a bundle is verified and what it proves. */
void verify_text_report(struct cli *c, struct arena *a, const struct json *v);

/* verify_text_document says what a document's attestations and signatures prove, and which of them
 * do not hold. */
void verify_text_document(struct cli *c, struct arena *a, const struct json *v);

/* verify_text_root says which trusted root was used and how old it is; path: the file that was
 * given, or NULL; neither: nothing. */
void verify_text_root(struct cli *c, struct str date, const char *path);

/* verify_text_complain says on standard error what does not hold. */
void verify_text_complain(struct arena *a, const struct json *v);

/* verify_text_say writes "label  text", the text made safe for a terminal; nothing if there is
 * none. */
void verify_text_say(struct cli *c, const char *label, struct str text);

#endif
