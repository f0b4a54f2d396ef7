/*
 * llm/anthropic.h - what the files of the anthropic-messages dialect share. Ring 0, pure.
 */
#ifndef LLM_ANTHROPIC_H
#define LLM_ANTHROPIC_H

#include "llm/field.h"

/* ---- content --------------------------------------------------------------------------------- */

/* anthropic_content reads a string or an array of blocks into parts. */
MUST_USE enum err anthropic_content(const struct llm_at *at, const struct json *v,
				    struct llm_part **list);

/* anthropic_block reads one block and adds its part. */
MUST_USE enum err anthropic_block(const struct llm_at *at, const struct json *v,
				  struct llm_part **list);

/* anthropic_put_block writes the block of a part of an answer, or nothing for what the dialect has
 * no block for. */
MUST_USE enum err anthropic_put_block(struct arena *a, const struct llm_part *p, struct buf *out);

/* anthropic_put_source writes an image's or document's block head and source; false: it has none.
 * The caller ends the object. */
MUST_USE bool anthropic_put_source(const struct llm_part *p, struct buf *out);

/* anthropic_put_call writes a tool_use block without its end, so that members may follow. */
MUST_USE enum err anthropic_put_call(struct arena *a, const struct llm_part *p, struct str input,
				     struct buf *out);

/* anthropic_id makes a tool call's id acceptable: letters, digits, _ and -. */
struct str anthropic_id(struct arena *a, struct str id);

/* anthropic_is_delta: an opaque part that is a delta of a text block (a citation), not a block. */
bool anthropic_is_delta(struct str raw);

/* anthropic_blank: nothing but white space, which the provider refuses as text. esc. */
bool anthropic_blank(struct str esc);

/*
 * JSON mode without a schema has no word in this API, and models before 4.5 know no schema either.
 * As LiteLLM does, the model is made to call one tool whose input is the answer; the name is ours,
 * so that the decoder knows the call for what it is.
 */
#define ANTHROPIC_JSON_TOOL S("yett_json_answer")

/* anthropic_answers_by_tool: structured output is asked for that this model gives as a tool call
 * only. */
bool anthropic_answers_by_tool(const struct llm_request *r, const struct llm_opts *opts);

/* anthropic_closed gives another dialect's schema with its objects closed, as structured output
 * and strict tools want it; p is NULL where they do not take it. */
struct str anthropic_closed(struct str schema, struct arena *a);

/* ---- usage and reasons ----------------------------------------------------------------------- */

/* The provider's counts as they stand on the wire; a stream reports some early and some late. */
struct anthropic_usage {
	bool known;
	int64_t input, cache_read, cache_write, output, thinking;
};

/* anthropic_usage_read takes the members that are there; the others keep their values. */
void anthropic_usage_read(const struct json *v, struct anthropic_usage *io);

/* anthropic_usage_norm gives the neutral form, anthropic_usage_wire the inverse. */
struct llm_usage anthropic_usage_norm(const struct anthropic_usage *u);
struct anthropic_usage anthropic_usage_wire(const struct llm_usage *u);

/* anthropic_finish gives the neutral reason for a stop_reason, NULL allowed; anthropic_stop_reason
 * the word. */
enum llm_finish anthropic_finish(const struct json *stop_reason);
struct str anthropic_stop_reason(enum llm_finish finish, struct str text);

/* anthropic_finish_text gives what belongs to finish: the stop sequence, the refusal's explanation,
 * the provider's own word. delta is the message or the delta of message_delta. */
struct str anthropic_finish_text(const struct json *delta, enum llm_finish finish);

/* anthropic_put_stop writes stop_reason, stop_sequence and stop_details. */
void anthropic_put_stop(enum llm_finish finish, struct str text, struct buf *out);

/* anthropic_put_usage writes usage with every member a client may look for; tier p == NULL:
 * standard. */
void anthropic_put_usage(const struct llm_usage *u, struct str tier, struct buf *out);

/* anthropic_finish_of corrects a provider's reason by what the answer holds. */
enum llm_finish anthropic_finish_of(enum llm_finish finish, bool calls, bool refused);

/* anthropic_tier gives the neutral word of usage.service_tier; anthropic_tier_wire the
 * inverse, p == NULL when there is none. */
struct str anthropic_tier(struct str esc);
struct str anthropic_tier_wire(struct str esc);

/* ---- the rows of dialect_anthropic: see struct dialect for their contracts ------------------ */

/* anthropic_request.c */
enum err anthropic_decode_request(const struct json *root, struct llm_request *out,
				  struct arena *a, struct diag *d);

/* anthropic_encode.c */
enum err anthropic_encode_request(const struct llm_request *r, struct llm_opts *opts,
				  struct buf *out);

/* anthropic_response.c */
enum err anthropic_decode_response(const struct json *root, struct llm_response *out,
				   struct arena *a, struct diag *d);

/* anthropic_response.c: the first choice; the dialect has no more. */
enum err anthropic_encode_response(const struct llm_response *r, struct arena *a, struct buf *out);

/* anthropic_stream.c: NULL when memory is short. */
struct llm_decoder *anthropic_decoder_new(struct arena *a);

/* anthropic_stream.c: what is wrong with the stream comes as EV_ERROR, only ERR_NOMEM as a code. */
enum err anthropic_decode_event(struct llm_decoder *d, struct str event, struct str data,
				struct arena *scratch, struct llm_sink *sink);

/* anthropic_stream.c: EV_DONE if only message_stop was missing, else EV_ERROR. */
void anthropic_decode_end(struct llm_decoder *d, struct llm_sink *sink);

/* anthropic_events.c: NULL when memory is short. */
struct llm_encoder *anthropic_encoder_new(struct arena *a, const struct llm_request *r);

/* anthropic_events.c: other choices than the first are left out. */
enum err anthropic_encode_event(struct llm_encoder *e, const struct llm_event *ev, struct buf *out);

/* anthropic_error.c: status 0 is an error event's, which has none. */
void anthropic_decode_error(unsigned status, const struct json *root, struct llm_error *out,
			    struct arena *a);

/* anthropic_error.c */
void anthropic_encode_error(const struct llm_error *e, struct buf *out);

/* anthropic_error.c */
void anthropic_encode_stream_error(const struct llm_error *e, struct buf *out);

/* anthropic_peek.c */
void anthropic_peek_response(const struct json *root, struct llm_peek *out);

/* anthropic_peek.c */
void anthropic_peek_event(struct str event, struct str data, struct arena *scratch,
			  struct llm_peek *io);

/* anthropic_peek.c */
size_t anthropic_skim(struct str in, uint32_t *io_guess);

/* ---- what a model of the provider takes ------------------------------------------------------ */

/* The generation of a model id, major * 10 + minor, 30 for what came before 4 and for names that
 * are not Claude's: "claude-opus-4-6" 46, "claude-sonnet-5" 50. */
unsigned anthropic_generation(struct str model);

enum {
	ANTHROPIC_GEN_ADAPTIVE = 46,  /* adaptive thinking and effort instead of a budget */
	ANTHROPIC_GEN_NO_BUDGET = 47, /* budgets are refused */
	ANTHROPIC_GEN_NO_SAMPLING = 47, /* temperature, top_p and top_k are */
	ANTHROPIC_GEN_SYSTEM = 48,    /* messages of role system in mid-conversation */
};

/* anthropic_put_tools writes tools and tool_choice; anthropic_put_thinking max_tokens, thinking and
 * output_config; anthropic_put_messages system and messages. */
MUST_USE enum err anthropic_put_tools(const struct llm_request *r, struct llm_opts *opts,
				      struct buf *out);
MUST_USE enum err anthropic_put_thinking(const struct llm_request *r, struct llm_opts *opts,
					 struct buf *out);
MUST_USE enum err anthropic_put_messages(const struct llm_request *r, struct llm_opts *opts,
					 struct buf *out);

/* anthropic_cannot is llm_cannot with the field's name as the client's dialect spells it. field is
 * OpenAI's. */
MUST_USE enum err anthropic_cannot(const struct llm_request *r, struct llm_opts *opts,
				   const char *field);

#endif
