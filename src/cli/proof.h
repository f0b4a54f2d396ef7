/*
 * cli/proof.h - who published an artifact, as far as it can be proved: finds the documents that say
 * so, beside the file or at its index, has the verifier judge them, and keeps what is learned in
 * the ledger. Runs in: cli.
 */
#ifndef CLI_PROOF_H
#define CLI_PROOF_H

#include "base/buf.h"
#include "cli/cli.h"
#include "inspect/publishers.h"
#include "package/listing.h"

enum { PROOF_DOCUMENTS = 8 };

enum proof_state {
	PROOF_UNKNOWN, /* nobody says whether there is one */
	PROOF_NONE,    /* the index has none, and would tell */
	PROOF_VALID,
	PROOF_INVALID,
};

/* proof_word gives a state's name in reports. */
struct str proof_word(enum proof_state s);

/* What is asked. Strings and descriptors stay the caller's. */
struct proof_ask {
	int artifact;		/* can be read from its beginning more than once */
	struct str file;	/* its name */
	struct package release; /* eco ECO_OTHER: not known */
	const char *identity, *issuer, *repository; /* who is expected; NULL: anybody */
	const char *root, *npm_keys;		    /* files in place of those that are shipped */
	const char *data;			    /* data directory of the ledger; "": none */
};

struct proof {
	struct arena *arena;
	enum proof_state state;
	bool signed_by_registry; /* npm's registry has signed name, version and digest */
	enum err err;		 /* of what was not asked or could not be: with why */
	int exit;		 /* status for a program that only asks for this */
	struct diag why;
	struct buf documents;	   /* the verifier's reports, JSON, with commas between them */
	struct publisher_entry entry; /* what there is to remember */
	bool to_note;		   /* it is worth remembering */
	struct str kind;	   /* of the document that is asked for; "": any */
	bool guessed;		   /* nobody said that there is one at this address */
};

/* proof_init makes an empty one; release with proof_done. */
void proof_init(struct proof *p, struct arena *a);
void proof_done(struct proof *p);

/* proof_document has one document judged, an open file. */
MUST_USE enum err proof_document(struct proof *p, const struct proof_ask *ask, int fd,
				 struct diag *d);

/* proof_beside looks for documents beside a file, by their usual names. ERR_NOT_FOUND: none. */
MUST_USE enum err proof_beside(struct proof *p, const struct proof_ask *ask, const char *path,
			       struct diag *d);

/* proof_index asks the index that a release's file came from. The failure to get an answer is no
 * proof of anything: the state stays PROOF_UNKNOWN, and p->why says why. */
void proof_index(struct proof *p, const struct proof_ask *ask, const struct listing_file *file);

/* proof_keep notes what was learned in the ledger. */
MUST_USE enum err proof_keep(struct proof *p, const struct proof_ask *ask, struct diag *d);

/* proof_release fills ask->release from the name of a wheel or source archive; false: it is none.
 */
bool proof_release(struct proof_ask *ask, struct arena *a);

#endif
