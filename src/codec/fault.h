/*
 * codec/fault.h - what can be wrong with an archive: code, class and sentence in one list. Ring 0.
 *
 * The class says what a fault means, not how bad it is:
 *   malformed    no reader gets through it
 *   ambiguous    two readers in use would get different files out of it, or a reader would write
 *                outside of where it unpacks: whoever made it was careless or wants that
 *   limit        it is past one of the bounds in base/limits.h
 *   unsupported  it may be well, but this program cannot read it
 *   odd          every reader gets the same, and yet no honest tool writes it so
 */
#ifndef CODEC_FAULT_H
#define CODEC_FAULT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum fault_class {
	FAULT_MALFORMED,
	FAULT_AMBIGUOUS,
	FAULT_LIMIT,
	FAULT_UNSUPPORTED,
	FAULT_ODD,
};

/* X(code, class, sentence about the archive or the member) */
#define FAULT_LIST(X)                                                                              \
	/* any archive */                                                                          \
	X(FAULT_NOT_ARCHIVE, FAULT_MALFORMED, "no archive that this program knows")                \
	X(FAULT_TRUNCATED, FAULT_MALFORMED, "ends in the middle")                                  \
	X(FAULT_COMPRESSION, FAULT_MALFORMED, "compressed data is broken")                         \
	X(FAULT_CHECKSUM, FAULT_MALFORMED, "content does not have the checksum it should have")    \
	X(FAULT_LENGTH, FAULT_AMBIGUOUS, "content does not have the length it should have")        \
	X(FAULT_NAME_EMPTY, FAULT_AMBIGUOUS, "member without a name")                              \
	X(FAULT_NAME_NUL, FAULT_AMBIGUOUS, "NUL in a member's name")                               \
	X(FAULT_NAME_ABSOLUTE, FAULT_AMBIGUOUS, "absolute member name")                            \
	X(FAULT_NAME_UP, FAULT_AMBIGUOUS, "member name with '..'")                                 \
	X(FAULT_NAME_FORM, FAULT_AMBIGUOUS, "member name with '.' or an empty part")               \
	X(FAULT_NAME_DOT, FAULT_ODD, "member name with '.' within")                                \
	X(FAULT_NAME_BACKSLASH, FAULT_AMBIGUOUS, "backslash in a member's name")                   \
	X(FAULT_NAME_CHARSET, FAULT_AMBIGUOUS, "member name in an unknown or wrong character set") \
	X(FAULT_NAME_BYTES, FAULT_ODD, "member name that is not UTF-8")                            \
	X(FAULT_DUPLICATE, FAULT_AMBIGUOUS, "two members of one name")                             \
	X(FAULT_AGAIN, FAULT_ODD, "a later member replaces one of the same name")                  \
	X(FAULT_FILE_AS_DIR, FAULT_AMBIGUOUS, "member below another that is no directory")         \
	X(FAULT_LINK_OUT, FAULT_AMBIGUOUS, "link that leads out of the archive")                   \
	X(FAULT_MEMBERS, FAULT_LIMIT, "too many members")                                          \
	X(FAULT_NAMES, FAULT_LIMIT, "member names are too long or too deep")                       \
	X(FAULT_TOTAL, FAULT_LIMIT, "content is too large in all")                                 \
	X(FAULT_BOMB, FAULT_LIMIT, "content is out of proportion to the archive")                  \
	X(FAULT_FORMAT, FAULT_UNSUPPORTED, "compression that this program does not read")          \
	/* zip */                                                                                  \
	X(FAULT_ZIP_NO_END, FAULT_MALFORMED, "no end record")                                      \
	X(FAULT_ZIP_ENDS, FAULT_AMBIGUOUS, "several end records")                                  \
	X(FAULT_ZIP_TRAILING, FAULT_AMBIGUOUS, "data behind the end record")                       \
	X(FAULT_ZIP_DISKS, FAULT_UNSUPPORTED, "archive of several parts")                          \
	X(FAULT_ZIP64_END, FAULT_AMBIGUOUS, "zip64 end record contradicts the end record")         \
	X(FAULT_ZIP_DIRECTORY, FAULT_AMBIGUOUS, "central directory is not where it should be")     \
	X(FAULT_ZIP_COUNT, FAULT_AMBIGUOUS, "central directory and its count disagree")            \
	X(FAULT_ZIP_RECORD, FAULT_MALFORMED, "broken record")                                      \
	X(FAULT_ZIP_PREFIX, FAULT_AMBIGUOUS, "data before the first member")                       \
	X(FAULT_ZIP_GAP, FAULT_AMBIGUOUS, "data between members that belongs to none")             \
	X(FAULT_ZIP_OVERLAP, FAULT_AMBIGUOUS, "overlapping members")                               \
	X(FAULT_ZIP_LOCAL_NAME, FAULT_AMBIGUOUS, "local and central name differ")                  \
	X(FAULT_ZIP_LOCAL_METHOD, FAULT_AMBIGUOUS, "local and central compression method differ")  \
	X(FAULT_ZIP_LOCAL_SIZE, FAULT_AMBIGUOUS, "local and central sizes differ")                 \
	X(FAULT_ZIP_LOCAL_CRC, FAULT_AMBIGUOUS, "local and central checksums differ")              \
	X(FAULT_ZIP_LOCAL_FLAGS, FAULT_AMBIGUOUS, "local and central flags differ")                \
	X(FAULT_ZIP_DESCRIPTOR, FAULT_AMBIGUOUS, "data descriptor contradicts the directory")      \
	X(FAULT_ZIP_EXTRA, FAULT_AMBIGUOUS, "extra field that readers take differently")           \
	X(FAULT_ZIP_TYPE, FAULT_AMBIGUOUS, "name and attributes disagree on what a member is")     \
	X(FAULT_ZIP_LINK, FAULT_AMBIGUOUS, "link in a zip archive")                                \
	X(FAULT_ZIP_DIR_DATA, FAULT_AMBIGUOUS, "directory with content")                           \
	X(FAULT_ZIP_ENCRYPTED, FAULT_UNSUPPORTED, "encrypted member")                              \
	X(FAULT_ZIP_FLAGS, FAULT_UNSUPPORTED, "member with features that this program lacks")      \
	/* gzip and tar */                                                                         \
	X(FAULT_GZIP_TRAILING, FAULT_AMBIGUOUS, "data behind the end of the gzip stream")          \
	X(FAULT_GZIP_GAP, FAULT_AMBIGUOUS, "zeros between gzip streams")                           \
	X(FAULT_TAR_HEADER, FAULT_MALFORMED, "no tar header where one should be")                  \
	X(FAULT_TAR_CHECKSUM, FAULT_AMBIGUOUS, "header with a wrong checksum")                     \
	X(FAULT_TAR_NUMBER, FAULT_AMBIGUOUS, "number that readers take differently")               \
	X(FAULT_TAR_PREFIX, FAULT_AMBIGUOUS, "name that readers put together differently")         \
	X(FAULT_TAR_TEXT, FAULT_AMBIGUOUS, "name that ends in different places for readers")       \
	X(FAULT_TAR_LINK, FAULT_AMBIGUOUS, "target of what is no link, or link without one")       \
	X(FAULT_TAR_PAX, FAULT_AMBIGUOUS, "extended header that readers take differently")         \
	X(FAULT_TAR_PAX_SIZE, FAULT_AMBIGUOUS, "two sizes for one member")                         \
	X(FAULT_TAR_STACKED, FAULT_AMBIGUOUS, "several extended headers for one member")           \
	X(FAULT_TAR_TYPE, FAULT_AMBIGUOUS, "member of a type that readers take differently")       \
	X(FAULT_TAR_SIZED, FAULT_AMBIGUOUS, "content of a member that can have none")              \
	X(FAULT_TAR_LONE_ZERO, FAULT_AMBIGUOUS, "members behind an empty block")                   \
	X(FAULT_TAR_TRAILING, FAULT_AMBIGUOUS, "data behind the end of the tar archive")           \
	X(FAULT_TAR_META, FAULT_LIMIT, "extended header is too large")                             \
	X(FAULT_TAR_SPARSE, FAULT_UNSUPPORTED, "sparse member")

#define X(code, cls, text) code,
enum fault_code { FAULT_LIST(X) FAULT_COUNT };
#undef X

enum { FAULTS_MAX = 64, FAULTS_OF_ONE = 8 };

struct fault {
	enum fault_code code;
	struct str name; /* of the member, any bytes; "": the archive as a whole */
	uint64_t at; /* offset in the archive (of a tar.gz: in the tar); 0 when it says nothing */
};

struct faults {
	struct arena *arena; /* where names are kept */
	bool tolerate;	     /* go on after what is ambiguous or odd */
	struct fault items[FAULTS_MAX];
	unsigned n, of[FAULT_COUNT]; /* kept; seen of each */
};

/* fault_class and fault_text give a code's row; fault_class_text names a class. */
enum fault_class fault_class(enum fault_code code);
const char *fault_text(enum fault_code code);
const char *fault_class_text(enum fault_class c);

/* fault_note keeps the fault (of one code the first FAULTS_OF_ONE). The result is what a reader has
 * to do: OK, go on; else stop with that error. What is odd or unsupported in one member never
 * stops; what is ambiguous stops unless tolerate is set. */
MUST_USE enum err fault_note(struct faults *f, enum fault_code code, struct str name, uint64_t at);

/* fault_stop is fault_note for what cannot be gone on from: its result is never OK. */
MUST_USE enum err fault_stop(struct faults *f, enum fault_code code, struct str name, uint64_t at);

#endif
