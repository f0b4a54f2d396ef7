/*
 * llm/openai.h - what the files of openai-chat share. Others use dialect_openai.
 * Ring 0, pure.
 */
#ifndef LLM_OPENAI_H
#define LLM_OPENAI_H

#include "llm/llm.h"

/* A reader of one body: where memory and complaints go, and what is being read. */
struct oa_reader {
	struct arena *arena;
	struct diag *diag;
	struct llm_request *req;
	struct llm_extra **extras;
	unsigned msg, calls;     /* number of the message; of calls that had no id */
	struct str legacy_id;    /* of the latest function_call, for the message that answers it */
};

/* oa_bad says that field must be what, and returns ERR_SYNTAX. */
enum err oa_bad(const struct oa_reader *rd, const char *field, const char *what);

/* oa_extra notes a member that has no place as "<prefix><key>". null is nothing. */
MUST_USE enum err oa_extra(struct oa_reader *rd, const char *prefix, const struct json *key);

/* oa_plain_esc is json_esc with needless escapes ("\/") resolved, for what is looked into. */
struct str oa_plain_esc(struct arena *a, const struct json *v);

/* oa_esc_or_null gives p == NULL for anything but a string. */
struct str oa_esc_or_null(const struct json *v);

/* oa_is_null: v is absent or null. */
bool oa_is_null(const struct json *v);

/* oa_word finds v, a string, among n words; -1 if it is none of them. */
int oa_word(const struct json *v, const struct str *words, size_t n);

/* oa_messages reads the array of messages into rd->req. */
MUST_USE enum err oa_messages(struct oa_reader *rd, const struct json *list);

/* oa_thinking_blocks adds LiteLLM's blocks to list. */
MUST_USE enum err oa_thinking_blocks(struct arena *a, const struct json *blocks,
				     struct llm_part **list);

/* oa_image reads an image_url value (object or string) into m. */
void oa_image(struct arena *a, const struct json *v, struct llm_media *m);

/* oa_call reads one item of tool_calls or a function_call; id is what to use when it has none. */
MUST_USE enum err oa_call(struct arena *a, const struct json *call, struct str id,
			  struct llm_part **list);

/* oa_text_signatures gives those of provider_specific_fields back to the last text of list. */
MUST_USE enum err oa_text_signatures(struct arena *a, const struct json *fields,
				     struct llm_part **list);

/* oa_made_id makes an id for a call that has none: "call_<seed>_<n>". */
struct str oa_made_id(struct arena *a, struct str seed, unsigned n);

/* oa_usage reads a usage object; false if it is none. */
bool oa_usage(const struct json *v, struct llm_usage *out);

/* oa_usage_write appends a usage object. */
void oa_usage_write(struct buf *b, const struct llm_usage *u);

/* oa_finish and oa_finish_word translate finish reasons. */
enum llm_finish oa_finish(const struct json *reason);
struct str oa_finish_word(enum llm_finish f);

/* oa_media_url appends the URL string of m: data: or as it is. */
void oa_media_url(struct buf *b, const struct llm_media *m);

/* oa_sig_write appends a signature as a string: Anthropic's as it is, others tagged. */
void oa_sig_write(struct buf *b, enum llm_dialect origin, struct str signature);

/* oa_call_id gives a call's id with its signature in it. */
struct str oa_call_id(struct arena *a, const struct llm_part *p);

/* oa_error_object reads whatever a server put under "error", or the root itself. */
void oa_error_object(unsigned status, const struct json *root, struct llm_error *out,
		     struct arena *a);

/* oa_is_error: this chunk of a stream is an error object. */
bool oa_is_error(const struct json *root);

/* A writer of one request: to whom, and where. */
struct oa_writer {
	const struct llm_request *r;
	struct llm_opts *o;
	struct buf *b;
};

/* What OpenAI's format cannot say. */
enum oa_cannot {
	OA_TEMPERATURE,
	OA_TOP_P,
	OA_TOP_K,
	OA_STOP,
	OA_CHOICE,
	OA_TIER,
	OA_THINKING,
	OA_FILE_ID,
	OA_DOCUMENT_URL,
	OA_AUDIO,
	OA_VIDEO,
	OA_COUNT,
};

/* oa_cannot is llm_cannot with the name that the client's dialect has for it. */
MUST_USE enum err oa_cannot(struct oa_writer *w, enum oa_cannot what);

/* oa_write_messages appends the member "messages". */
MUST_USE enum err oa_write_messages(struct oa_writer *w);

/* The functions of the table's row. */
enum err openai_decode_request(const struct json *root, struct llm_request *out, struct arena *a,
			       struct diag *d);
enum err openai_encode_request(const struct llm_request *r, struct llm_opts *opts, struct buf *out);
enum err openai_decode_response(const struct json *root, struct llm_response *out, struct arena *a,
				struct diag *d);
enum err openai_encode_response(const struct llm_response *r, struct arena *a, struct buf *out);
struct llm_decoder *openai_decoder_new(struct arena *a);
enum err openai_decode_event(struct llm_decoder *d, struct str event, struct str data,
			     struct arena *scratch, struct llm_sink *sink);
void openai_decode_end(struct llm_decoder *d, struct llm_sink *sink);
struct llm_encoder *openai_encoder_new(struct arena *a, const struct llm_request *r);
enum err openai_encode_event(struct llm_encoder *enc, const struct llm_event *e, struct buf *out);
void openai_decode_error(unsigned status, const struct json *root, struct llm_error *out,
			 struct arena *a);
void openai_encode_error(const struct llm_error *e, struct buf *out);
void openai_encode_stream_error(const struct llm_error *e, struct buf *out);
void openai_peek_response(const struct json *root, struct llm_peek *out);
void openai_peek_event(struct str event, struct str data, struct arena *scratch,
		       struct llm_peek *io);
size_t openai_skim(struct str in, uint32_t *io_events);

/* How far the arguments' JSON has come: whole when the outermost bracket has closed. */
struct oa_nesting {
	unsigned depth;
	bool in_string, escaped, whole;
};

/* oa_follow (openai_nesting.c) goes on with esc, the content of a JSON string that holds JSON in
 * its turn: \" is a quote of the inner. */
void oa_follow(struct oa_nesting *n, struct str esc);

#endif
