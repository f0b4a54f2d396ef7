/*
 * base/limits.h - every bound of the program in one place, and what it protects.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <assert.h>

enum {
	/* clients */
	LIMIT_CONNS = 16384,	/* open client connections of one ingress; sizes its pool */
	LIMIT_HEAD = 32 << 10,	/* one HTTP head; larger is 431 */
	LIMIT_HEADERS = 100,	/* header fields in one head; more is 431 */
	LIMIT_TARGET = 8 << 10, /* request target; longer is 414 */
	LIMIT_BODY = 32 << 20,	/* one request body, also after inflating; larger is 413 */
	LIMIT_BODY_RATIO = 50,	/* what a compressed one may say to its size, where that is */
	LIMIT_BODY_RATIO_FROM = 1 << 20, /* more than this: less is no bomb */
	LIMIT_JSON_DEPTH = 128,		 /* nesting of one JSON text */
	LIMIT_JSON_TOKENS = 1 << 20,	 /* values and names in one JSON text */
	LIMIT_CONN_SLOT = 1 << 10,	 /* a connection's place in the pool */
	LIMIT_CALL_SLOT = 4 << 10,	 /* a request's, and what it keeps from its head at first */
	LIMIT_CALL_ARENA = 16 << 20,	 /* what translating one call may remember */
	LIMIT_TURN = 512 << 20,		 /* what one turn of ingress may work with */

	/* providers */
	LIMIT_RESPONSE = 64 << 20,	 /* one answer that is not a stream */
	LIMIT_SSE_EVENT = 4 << 20,	 /* one event of a stream; a longer one ends it */
	LIMIT_UPSTREAM_CONNS = 12288,	 /* sockets of one egress */
	LIMIT_UPSTREAM_READ = 128 << 10, /* read from one and not yet handed on */

	/* configuration */
	LIMIT_CONFIG_FILE = 8 << 20, /* one YAML file */
	LIMIT_CONFIG_NODES = 200000, /* nodes after anchors are expanded */
	LIMIT_CONFIG_DEPTH = 32,
	LIMIT_CONFIG_INCLUDES = 32,
	LIMIT_MODELS = 4096,	  /* public names */
	LIMIT_DEPLOYMENTS = 8192, /* also upstream rows */
	LIMIT_NAME = 256,	  /* a model, deployment, alias or key name */
	LIMIT_URL = 2048,
	LIMIT_SECRET = 16 << 10, /* one credential; a service account file fits */
	LIMIT_FALLBACKS = 5,	 /* fallbacks tried for one call */

	/* keys and accounting */
	LIMIT_KEYS = 65536,    /* virtual keys in force at once */
	LIMIT_KEY_MODELS = 64, /* models named by one key */
	LIMIT_WORKERS = 64,    /* ingress and egress pairs */

	/* signed bundles */
	LIMIT_BUNDLE = 16 << 20, /* one bundle as JSON; statements can be large */
	LIMIT_BUNDLE_CERTS = 8,	 /* certificates, log entries and time stamps of one bundle */
	LIMIT_BUNDLE_ENTRIES = 8,
	LIMIT_BUNDLE_TOKENS = 8,
	LIMIT_PROOF_HASHES = 64,      /* of an inclusion proof: a tree's size has 64 bits */
	LIMIT_SCTS = 16,	      /* signed certificate timestamps in one certificate */
	LIMIT_EXTENSIONS = 64,	      /* extensions of one certificate: each is held against each */
	LIMIT_SUBJECTS = 16384,	      /* artifacts named by one statement */
	LIMIT_TRUSTED_ROOT = 1 << 20, /* one trusted_root.json */
	LIMIT_TRUSTED = 32,	      /* logs or authorities of one kind in it */
	LIMIT_PUBLIC_KEY = 16 << 10,  /* one public key as PEM */
	LIMIT_ATTESTATIONS = 16,      /* attestations, or a registry's signatures, of one file */
	LIMIT_SIGNED_WHOLE = 64 << 20, /* an artifact that is signed itself, not its digest */

	/* between processes */
	LIMIT_FRAME = 64 << 10,		 /* one data frame of the ring */
	LIMIT_RING = 4 << 20,		 /* one direction of a ring */
	LIMIT_ARENA = 256 << 20,	 /* shared body memory of one pair, used lazily */
	LIMIT_CONTROL = 128 << 10,	 /* one control message */
	LIMIT_STREAM_CREDIT = 256 << 10, /* bytes in flight to ingress for one call */

	/* packages: archives and what they say of themselves */
	LIMIT_ARCHIVE_MEMBERS = 1 << 20, /* of one archive */
	LIMIT_ARCHIVE_NAME = 4096,	 /* one member's name, and a link's target */
	LIMIT_ARCHIVE_DEPTH = 64,	 /* directories in a name */
	LIMIT_ARCHIVE_TOTAL_MB = 8192,	 /* content of one archive, all members together */
	LIMIT_ARCHIVE_RATIO = 250,	 /* content to archive, where there is more content than */
	LIMIT_ARCHIVE_RATIO_FROM_MB = 128, /* this: less is no bomb */
	LIMIT_TAR_META = 256 << 10,	   /* one extended header of a tar archive */
	LIMIT_METADATA = 4 << 20,	   /* METADATA, PKG-INFO, WHEEL, package.json and such */
	LIMIT_RECORD = 64 << 20,	   /* RECORD */
	LIMIT_METADATA_FIELDS = 20000,	   /* header fields, requirements, entry points of each */

	/* packages: what names them */
	LIMIT_MANIFEST = 64 << 20,   /* one manifest, lock file, SBOM or notebook */
	LIMIT_PACKAGE_HASHES = 1024, /* of one release in a lock file: one for each artifact */
	LIMIT_TOML_NODES = 1 << 20,  /* values in one TOML text */
	LIMIT_TOML_DEPTH = 64,
	LIMIT_YAML_NODES = 1 << 21,   /* of one lock file, once anchors are expanded */
	LIMIT_YAML_DOCUMENTS = 8,     /* of one lock file; pnpm writes two */
	LIMIT_YAML_KEY = 64 << 10,    /* yarn and pnpm write ranges and peers into keys */
	LIMIT_PICKLE_STACK = 1 << 20, /* values followed while the opcodes of a pickle are read */
	LIMIT_PICKLE_MEMO = 1 << 20,

	/* packages: what is made of them */
	LIMIT_BUILD_MINUTES = 60, /* one build of a source archive, in its box */
};

static_assert(LIMIT_HEAD <= LIMIT_FRAME, "a head must fit one frame");
static_assert(LIMIT_FRAME * 4 <= LIMIT_RING, "a ring holds several frames");
static_assert(LIMIT_BODY <= LIMIT_ARENA, "one body must fit the shared arena");
static_assert(LIMIT_SSE_EVENT <= LIMIT_RESPONSE, "an event is a part of an answer");

#endif
