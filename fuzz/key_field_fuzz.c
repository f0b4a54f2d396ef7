/*
 * fuzz/key_field_fuzz.c - a request's body on its way to a key.
 * Oracle: what is accepted encodes for keeper and decodes to the same key; only bits of known fields are set; the
 * key written as JSON is JSON, and reads back as a key that is accepted.
 */
#include "fuzz/fuzz.h"

#include "admin/admin.h"
#include "codec/jw.h"

#include <string.h>

static struct admin admin;
static struct conn conn;

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *body;
	struct control_key back;
	struct diag d = { 0 };
	struct buf b;

	if (admin.loop == NULL) {
		admin.loop = loop_new(8, &d);
		CHECK(admin.loop != NULL);
		conn.admin = &admin;
		arena_init(&conn.arena, ADMIN_ARENA);
	}
	arena_reset(&conn.arena);
	conn.content = (struct str){ (const char *)p, n };
	conn.ignored = S("");
	if (body_object(&conn, &body, &d) != OK || key_fields(&conn, body, &d) != OK) {
		CHECK(d.text[0] != '\0');
		return 0;
	}
	CHECK((conn.key.mask & ~(uint32_t)((KEY_TAGS << 1) - 1)) == 0 && conn.key.id == 0 && conn.key.slot == 0);
	buf_init(&b, 1 << 20);
	control_key_encode(&conn.key, &b);
	CHECK(b.err == OK && control_key_decode(&back, buf_str(&b)) == OK);
	CHECK(back.rpm == conn.key.rpm && back.n_models == conn.key.n_models && back.budget_pico == conn.key.budget_pico);
	buf_reset(&b);
	jw_obj(&b);
	key_members(&b, &conn.key);
	jw_obj_end(&b);
	CHECK(b.err == OK && json_read(&conn.arena, buf_str(&b), &body, NULL) == OK && json_is(body, JSON_OBJECT));
	buf_free(&b);
	return 0;
}
