/*
 * package/wheel_stub.h - a wheel that says that a release exists, and holds nothing. Ring 0.
 *
 * pip chooses among releases by what wheels say. Of a release that has a source archive only there
 * is no wheel before it was built, so that it is given one of these to choose from.
 */
#ifndef PACKAGE_WHEEL_STUB_H
#define PACKAGE_WHEEL_STUB_H

#include "base/buf.h"

/* The tags are those that pip likes least, so that a real wheel of the release goes first. */
#define WHEEL_STUB_TAGS "py30-none-any"

/* wheel_stub appends such a wheel; name and version are valid ones, requires is one line or "".
 * wheel_stub_name appends its file's name. */
void wheel_stub(struct str name, struct str version, struct str requires, struct buf *out);
void wheel_stub_name(struct str name, struct str version, struct buf *out);

#endif
