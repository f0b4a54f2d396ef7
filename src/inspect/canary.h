/*
 * inspect/canary.h - planted secrets ("honey"), and finding them again in whatever left. Ring 0.
 *
 * A canary has the shape of a real credential and is random per run, so that ten of its random
 * characters anywhere prove that it was read. canary_scan finds such pieces
 * - as they are, reversed, in rot13 or with letter case swapped, in hex, base64, base32, base85,
 *   ascii85 and UTF-16, at every alignment;
 * - under XOR with a repeated key of up to 32 bytes, and under a constant added to each byte;
 * - behind up to CANARY_DEPTH layers of base64, base32, hex, percent and character codes, base85,
 *   gzip, zlib, deflate and zip, the whole also reversed, rotated or with its case swapped;
 * - in pieces of ten characters and more, and in smaller ones where only separators stand between.
 * Not found, in principle: encryption. Not built: bzip2 and xz (their libraries are no dependency
 * of ours); what such an upload leaves is "honey was read, then opaque bytes left".
 */
#ifndef INSPECT_CANARY_H
#define INSPECT_CANARY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* X(code, "name in reports") */
#define CANARY_LIST(X)                                                                             \
	X(CANARY_OPENAI, "OpenAI key")                                                             \
	X(CANARY_ANTHROPIC, "Anthropic key")                                                       \
	X(CANARY_AWS_ID, "AWS access key id")                                                      \
	X(CANARY_AWS_SECRET, "AWS secret access key")                                              \
	X(CANARY_GITHUB, "GitHub token")                                                           \
	X(CANARY_SSH, "SSH private key")                                                           \
	X(CANARY_DOTENV, "database password of .env")                                              \
	X(CANARY_KUBE, "Kubernetes token")                                                         \
	X(CANARY_IMDS, "AWS session token of the metadata service")

#define X(code, name) code,
enum canary_kind { CANARY_LIST(X) CANARY_COUNT };
#undef X

enum {
	CANARY_TEXT = 176,    /* bytes of one token at most */
	CANARY_RANDOM = 1024, /* random bytes that canaries_make wants */
	CANARY_DEPTH = 4,     /* layers that are undone */
	CANARY_PIECE = 10,    /* random characters in a row that prove a token */
};

struct canary {
	char text[CANARY_TEXT];
	uint16_t n;
	uint16_t from, to; /* the random part: only it proves anything */
};

struct canaries {
	struct canary items[CANARY_COUNT];
};

/* canaries_make makes tokens of random bytes, which must come from the system's generator. */
void canaries_make(struct canaries *c, const uint8_t random[CANARY_RANDOM]);

/* canary_text gives a token, canary_name its name for people. */
struct str canary_text(const struct canaries *c, enum canary_kind kind);
const char *canary_name(enum canary_kind kind);

/* canaries_write and canaries_read move the set between our own processes. ERR_SYNTAX. */
void canaries_write(struct buf *b, const struct canaries *c);
MUST_USE enum err canaries_read(struct canaries *c, struct str wire);

struct canary_scanner;

/* canary_scanner_new prepares a search for the tokens of c: about 10 MB. NULL: no memory. */
struct canary_scanner *canary_scanner_new(const struct canaries *c);
void canary_scanner_free(struct canary_scanner *s);

struct canary_hit {
	uint16_t chars;	   /* characters of the token that were seen, 0: not found */
	bool whole;	   /* all of its random part was */
	char how[96];	   /* "base64 in gzip in hex", or "plain" */
	char excerpt[160]; /* what stood there, printable, the token's part included */
};

struct canary_hits {
	struct canary_hit of[CANARY_COUNT];
	unsigned n;	/* tokens found */
	bool truncated; /* work was bounded before all layers had been tried */
};

/* canary_scan looks for tokens in bytes and adds what it finds to out, which the caller zeroed
 * first. Work is linear in bytes, memory bounded. */
void canary_scan(struct canary_scanner *s, struct str bytes, struct canary_hits *out);

/* canary_opaque: bytes look encrypted or compressed by something unknown: nobody can tell what
 * left. At least 64 bytes that are neither text nor a known format, also behind base64 or hex. */
bool canary_opaque(struct str bytes);

/* canary_sealed gives the format of an archive or a stream among bytes, also behind base64 or hex,
 * that nobody here can look into: "xz", "encrypted zip". NULL: there is none. */
const char *canary_sealed(struct str bytes);

#endif
