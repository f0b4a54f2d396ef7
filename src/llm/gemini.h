/*
 * llm/gemini.h - what the files of the gemini dialect share, and what ingress needs beside the
 * dialect's row: a stream that was asked for without alt=sse is one JSON array. Ring 0, pure.
 */
#ifndef LLM_GEMINI_H
#define LLM_GEMINI_H

#include "llm/field.h"

/* ---- values that are spelled differently --------------------------------------------------- */

/* thoughtSignature holds base64: the SDKs refuse anything else. A foreign signature therefore
 * goes in as base64 of its tagged form. gemini_sign gives the esc value for a part's signature (p
 * == NULL: memory), gemini_unsign takes one apart; *out_redacted: it was a block of encrypted
 * thinking. */
struct str gemini_sign(struct arena *a, enum llm_dialect origin, struct str signature,
		       bool redacted);
struct str gemini_unsign(struct arena *a, struct str esc, enum llm_dialect *out_origin,
			 bool *out_redacted);

/* gemini_finish gives the neutral reason for a finishReason; gemini_finish_word the word for a
 * reason, text being the provider's own word if there was one. */
enum llm_finish gemini_finish(struct str word);
struct str gemini_finish_word(enum llm_finish finish, struct str text);

/* gemini_usage reads usageMetadata. known stays false when it has no counts. */
struct llm_usage gemini_usage(const struct json *v);
void gemini_put_usage(struct buf *out, const struct llm_usage *u);

/* gemini_logprobs turns a logprobsResult into OpenAI's shape; gemini_put_logprobs writes the
 * value back. */
struct str gemini_logprobs(struct arena *a, const struct json *v);
MUST_USE enum err gemini_put_logprobs(struct arena *a, struct str openai, struct buf *out);

/* gemini_schema turns an OpenAPI schema, types in capitals, into JSON Schema. ERR_SYNTAX: a
 * keyword came in both spellings. */
MUST_USE enum err gemini_schema(struct arena *a, const struct json *schema, struct str *out);

/* gemini_call_id makes an id for a call that has none, from the answer's id if that is fit for
 * it. */
struct str gemini_call_id(struct arena *a, struct str response_id, size_t n);

/* gemini_created reads an RFC 3339 time into seconds; 0 when it is none. */
int64_t gemini_created(struct str esc);

/* ---- parts of an answer -------------------------------------------------------------------- */

/* A part as it stands in the JSON. */
struct gemini_part {
	struct str text, signature;
	const struct json *inline_data, *file_data, *call, *response, *code, *code_result;
	bool thought;
};

struct gemini_call {
	struct str id, name;
	const struct json *args, *partial;
	bool more; /* willContinue */
};

/* gemini_part_read reads one part, gemini_call_read its functionCall. */
MUST_USE enum err gemini_part_read(const struct llm_at *at, const struct json *v,
				   struct gemini_part *out);
MUST_USE enum err gemini_call_read(const struct llm_at *at, const struct json *v,
				   struct gemini_call *out);

/* gemini_media_read fills a part's kind and media from inlineData or fileData. */
MUST_USE enum err gemini_media_read(const struct llm_at *at, const struct gemini_part *in,
				    enum llm_part_kind *out_kind, struct llm_media *out);

/* A candidate and the answer around it. */
struct gemini_candidate {
	const struct json *content, *logprobs, *citations, *grounding, *urls;
	struct str finish, finish_message;
	int64_t index;
};

struct gemini_answer {
	const struct json *candidates, *feedback, *usage, *error;
	struct str id, model, created;
};

extern const struct llm_field gemini_candidate_rows[], gemini_answer_rows[];
extern const size_t gemini_candidate_row_count, gemini_answer_row_count;

/* gemini_put_part writes a part of an answer or a request, known to be expressible: TEXT, THINKING,
 * REDACTED, REFUSAL, TOOL_CALL, media with data or url, own OPAQUE. */
MUST_USE enum err gemini_put_part(struct arena *a, const struct llm_part *p, struct buf *out);

/* gemini_put_media writes inlineData or fileData, members only. */
MUST_USE enum err gemini_put_media(struct arena *a, const struct llm_media *m, struct buf *out);

/* gemini_blocked gives the reason of a promptFeedback and its message, p == NULL: not blocked. */
struct str gemini_blocked(const struct json *feedback, struct str *out_message);

/* ---- arguments that arrive path by path ---------------------------------------------------- */

struct gemini_args; /* one call's arguments while partialArgs arrive; in the call's arena */

/* gemini_args_new returns NULL when the arena is spent. */
struct gemini_args *gemini_args_new(struct arena *a);

/* gemini_args_add takes one partialArgs array and appends the next piece of the JSON text to out.
 * ERR_SYNTAX: a path is malformed or goes back to what is closed already. */
MUST_USE enum err gemini_args_add(struct gemini_args *g, const struct json *partial,
				  struct arena *scratch,
				  struct buf *out);

/* gemini_args_end appends what closes the text. */
void gemini_args_end(struct gemini_args *g, struct buf *out);

/* ---- the rows of dialect_gemini, one file each --------------------------------------------- */

/* gemini_request.c: the whole request, its tools with the choice among them; gemini_contents.c: its
 * conversation. */
enum err gemini_decode_request(const struct json *root, struct llm_request *out, struct arena *a,
			       struct diag *d);

/* gemini_decode_contents adds a message to out for each content of list. */
enum err gemini_decode_contents(const struct llm_at *at, const struct json *list,
				struct llm_msg **out);

/* gemini_decode_tools reads tools and toolConfig, each of which may be NULL. */
enum err gemini_decode_tools(const struct llm_at *at, const struct json *tools,
			     const struct json *config, struct llm_request *out);

/* gemini_encode.c; gemini_encode_contents writes the member contents of it. */
enum err gemini_encode_request(const struct llm_request *r, struct llm_opts *opts, struct buf *out);

/* See gemini_encode_request. */
enum err gemini_encode_contents(const struct llm_request *r, struct llm_opts *opts,
				struct buf *out);

/* gemini_response.c: see struct dialect. */
enum err gemini_decode_response(const struct json *root, struct llm_response *out, struct arena *a,
				struct diag *d);

/* See struct dialect. */
enum err gemini_encode_response(const struct llm_response *r, struct arena *a, struct buf *out);

/* gemini_stream.c: see struct dialect. A provider's fault is told as EV_ERROR and gives OK;
 * ERR_NOMEM is our own, with no event. */
struct llm_decoder *gemini_decoder_new(struct arena *a);

/* See gemini_decoder_new. */
enum err gemini_decode_event(struct llm_decoder *d, struct str event, struct str data,
			     struct arena *scratch, struct llm_sink *sink);

/* EV_FINISH and EV_DONE come here: only the end of the body says that a stream is over. */
void gemini_decode_end(struct llm_decoder *d, struct llm_sink *sink);

/* gemini_stream_encode.c: see struct dialect. */
struct llm_encoder *gemini_encoder_new(struct arena *a, const struct llm_request *r);

/* Text goes out at once, a call when it is complete, finish reasons and usage in the last event. */
enum err gemini_encode_event(struct llm_encoder *e, const struct llm_event *ev, struct buf *out);

/* gemini_error.c: see struct dialect. status 0: of an event in a stream. */
void gemini_decode_error(unsigned status, const struct json *root, struct llm_error *out,
			 struct arena *a);

/* See struct dialect. */
void gemini_encode_error(const struct llm_error *e, struct buf *out);

/* See struct dialect. */
void gemini_encode_stream_error(const struct llm_error *e, struct buf *out);

/* gemini_cannot is llm_cannot for a field of ours, named as the client spells it. */
MUST_USE enum err gemini_cannot(const struct llm_request *r, struct llm_opts *opts,
				const char *field);

/* gemini_is_3 says whether a model id is of the third generation, which wants signatures back,
 * speaks thinkingLevel and takes media in function responses. */
bool gemini_is_3(struct str model);

/* ---- streams without alt=sse --------------------------------------------------------------- */

/* gemini_array_add appends the data of complete SSE events as items of a JSON array; *open says
 * whether the bracket is written yet. gemini_array_end closes the array, also of a stream without
 * events. */
void gemini_array_add(bool *open, struct str events, struct buf *out);
void gemini_array_end(bool *open, struct buf *out);

#endif
