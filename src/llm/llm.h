/*
 * llm/llm.h - the neutral conversation, answer and event that stand between two wire formats.
 * Ring 0, pure. Memory: everything lives in the request's arena or points into the source text.
 *
 * A `struct str` marked esc holds the content of a JSON string with its escapes kept, as json_esc
 * gives it and jw_esc takes it: between two JSON texts nothing is resolved. Marked raw: JSON text
 * of a value. p == NULL means absent everywhere.
 */
#ifndef LLM_LLM_H
#define LLM_LLM_H

#include "base/arena.h"
#include "base/diag.h"
#include "codec/json.h"
#include "codec/jw.h"

enum llm_dialect { DIALECT_OPENAI, DIALECT_ANTHROPIC, DIALECT_GEMINI, DIALECT_COUNT };

enum llm_tri { TRI_UNSET, TRI_NO, TRI_YES };

/* Lists are singly linked. A list's first item keeps last: where the next one is added. */

/* ---- a message and its parts --------------------------------------------------------------- */

enum llm_part_kind {
	PART_TEXT,
	PART_IMAGE,       /* media */
	PART_DOCUMENT,    /* media: PDF or plain text */
	PART_AUDIO,       /* media */
	PART_VIDEO,       /* media */
	PART_TOOL_CALL,   /* id, name, args */
	PART_TOOL_RESULT, /* id, name, content, is_error */
	PART_THINKING,    /* text, signature */
	PART_REDACTED,    /* text is the provider's encrypted thinking */
	PART_REFUSAL,     /* text */
	PART_OPAQUE,      /* raw: a block only its own dialect can say */
	PART_KINDS,
};

struct llm_media {
	struct str mime;    /* esc; may be absent with url */
	struct str data;    /* esc: base64, or plain text when is_text */
	struct str url;     /* esc: http(s) or gs, never data: */
	struct str file_id; /* esc: an id at the provider */
	struct str name;    /* esc: file name or title */
	struct str detail;  /* esc: OpenAI's image detail */
	bool is_text;
};

struct llm_part {
	struct llm_part *next, *last;
	enum llm_part_kind kind;
	enum llm_dialect origin;   /* whose signature or raw this is */
	struct str text;           /* esc */
	struct str signature;      /* esc: proof of thinking; of THINKING, TEXT, TOOL_CALL */
	struct str id, name;       /* esc */
	struct str args;           /* raw: JSON object text of a tool call */
	struct str raw;            /* raw: OPAQUE */
	struct str cache;          /* raw: Anthropic's cache_control, a hint */
	struct str extra;          /* raw: citations, annotations: kept within its own dialect */
	struct llm_media media;
	struct llm_part *content;  /* of TOOL_RESULT */
	bool is_error;
};

enum llm_role { ROLE_USER, ROLE_ASSISTANT, ROLE_SYSTEM /* in mid-conversation */ };

struct llm_msg {
	struct llm_msg *next, *last;
	enum llm_role role;
	struct str name; /* esc: OpenAI's participant name */
	struct llm_part *parts;
};

/* ---- a request ----------------------------------------------------------------------------- */

struct llm_tool {
	struct llm_tool *next, *last;
	struct str name, description; /* esc */
	struct str schema;            /* raw: JSON schema, or absent for none */
	enum llm_tri strict;
	struct str cache;             /* raw */
	struct str raw;               /* raw: a built-in tool of the origin; name is its kind */
	enum llm_dialect origin;
};

enum llm_choice { CHOICE_UNSET, CHOICE_AUTO, CHOICE_NONE, CHOICE_REQUIRED, CHOICE_NAMED };

enum llm_format { FORMAT_UNSET, FORMAT_TEXT, FORMAT_JSON, FORMAT_SCHEMA };

struct llm_str {
	struct llm_str *next, *last;
	struct str s; /* esc */
};

struct llm_extra {
	struct llm_extra *next, *last;
	struct str name;  /* plain: the field as the client spells it, dotted when nested */
	struct str value; /* raw */
};

struct llm_request {
	enum llm_dialect origin;
	struct str model;               /* esc */
	struct llm_part *instructions;  /* leading instructions, TEXT parts */
	struct llm_msg *msgs;
	struct llm_tool *tools;
	enum llm_choice choice;
	struct llm_str *choice_names;   /* of CHOICE_NAMED; several where the dialect has it */
	enum llm_tri parallel;          /* parallel tool calls allowed */

	int64_t max_tokens;             /* -1: unset */
	int64_t n;                      /* -1: unset */
	struct str temperature, top_p, top_k;                  /* raw numbers */
	struct str frequency_penalty, presence_penalty, seed;  /* raw numbers */
	struct llm_str *stop;
	enum llm_tri logprobs;
	int64_t top_logprobs;           /* -1: unset */
	struct str logit_bias;          /* raw */

	enum llm_format format;
	struct str format_name, format_description; /* esc */
	struct str format_schema;       /* raw */
	enum llm_tri format_strict;

	struct str effort;              /* esc: none minimal low medium high xhigh max */
	int64_t thinking_budget;        /* -1: unset, 0: off, -2: the model decides */
	enum llm_tri thinking_shown;    /* thoughts or summaries wanted in the answer */

	bool stream, include_usage;
	struct str user;                /* esc: the end user's id */
	struct str service_tier;        /* esc */
	struct str metadata;            /* raw: OpenAI's map of strings */
	struct llm_extra *extras;       /* what has no place above: refused or dropped */
};

/* ---- an answer ----------------------------------------------------------------------------- */

enum llm_finish {
	FINISH_NONE,
	FINISH_STOP,
	FINISH_LENGTH,
	FINISH_TOOLS,
	FINISH_STOP_SEQUENCE, /* which one in finish_text */
	FINISH_FILTER,        /* content filter, safety, recitation */
	FINISH_REFUSAL,
	FINISH_PAUSE,         /* a server tool's turn is to be continued */
	FINISH_CONTEXT,       /* the context window is full */
	FINISH_BAD_CALL,      /* the model produced a malformed tool call */
	FINISH_OTHER,         /* finish_text has the provider's word */
	FINISH_COUNT,
};

struct llm_usage {
	bool known;
	int64_t input;       /* all of the prompt, cached parts included */
	int64_t cache_read;  /* of input: read from the provider's cache */
	int64_t cache_write; /* of input: written to it */
	int64_t output;      /* all that was generated, reasoning included */
	int64_t reasoning;   /* of output */
	int64_t tool_input;  /* of input: results of the provider's own tools */
};

struct llm_answer_choice {
	struct llm_answer_choice *next, *last;
	struct llm_part *parts;
	enum llm_finish finish;
	struct str finish_text; /* esc */
	struct str logprobs;    /* raw, in OpenAI's shape */
};

struct llm_response {
	enum llm_dialect origin;
	struct str id, model;      /* esc */
	int64_t created;           /* seconds, 0 unknown */
	struct llm_answer_choice *choices;
	struct llm_usage usage;
	struct str service_tier;   /* esc */
	struct llm_extra *extras;  /* what the model above has no place for: see docs/dialects.md */
};

/*
 * A stream is the same answer in steps. Decoders promise, for each choice: one EV_START first; each
 * part as EV_PART_START, any number of EV_PART_DELTA, EV_PART_END, with part numbers ascending from
 * 0 at their starts (several may be open at once); EV_FINISH after its parts have ended. EV_USAGE
 * may come any number of times, the last one counts and comes before EV_DONE. EV_DONE is last,
 * once. EV_ERROR ends everything. EV_PING is a keep-alive. Encoders rely on that and on nothing
 * else. A tool call may come whole, with no delta and args at its end: an encoder that has written
 * deltas ignores args.
 */
enum llm_event_kind {
	EV_START,      /* id, model, created, usage if known */
	EV_PART_START, /* choice, part, part_kind; of id, name, signature what is known; media */
	EV_PART_DELTA, /* text: esc text or thinking; of a call esc fragments of its arguments */
	EV_SIGNATURE,  /* text: a fragment of the part's signature; a call's comes at its start */
	EV_PART_END,   /* args: the raw whole of a tool call when the decoder has it, else absent */
	EV_OPAQUE,     /* raw: an event or block of origin that has no counterpart */
	EV_LOGPROBS,   /* raw, OpenAI's shape: {"content":[...]} */
	EV_FINISH,     /* finish, text is finish_text */
	EV_USAGE,
	EV_ERROR,      /* error */
	EV_PING,
	EV_DONE,
	EV_KINDS,
};

/* ---- errors -------------------------------------------------------------------------------- */

/* X(enum, OpenAI type, Anthropic type, Gemini status, default HTTP status) */
#define LLM_ERROR_LIST(X)                                                                   \
	X(LLM_BAD_REQUEST, "invalid_request_error", "invalid_request_error",                \
	  "INVALID_ARGUMENT", 400)                                                          \
	X(LLM_AUTH, "authentication_error", "authentication_error", "UNAUTHENTICATED", 401) \
	X(LLM_BUDGET, "budget_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED", 429)     \
	X(LLM_BILLING, "insufficient_quota", "billing_error", "RESOURCE_EXHAUSTED", 402)    \
	X(LLM_PERMISSION, "permission_error", "permission_error", "PERMISSION_DENIED", 403) \
	X(LLM_NOT_FOUND, "not_found_error", "not_found_error", "NOT_FOUND", 404)            \
	X(LLM_TOO_LARGE, "request_too_large", "request_too_large", "INVALID_ARGUMENT", 413) \
	X(LLM_RATE, "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED", 429)      \
	X(LLM_CONTEXT, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT", 400) \
	X(LLM_CONTENT, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT", 400) \
	X(LLM_SERVER, "server_error", "api_error", "INTERNAL", 500)                         \
	X(LLM_UPSTREAM, "upstream_error", "api_error", "INTERNAL", 502)                     \
	X(LLM_OVERLOADED, "overloaded_error", "overloaded_error", "UNAVAILABLE", 503)       \
	X(LLM_TIMEOUT, "timeout_error", "timeout_error", "DEADLINE_EXCEEDED", 504)

#define X(name, openai, anthropic, gemini, http) name,
enum llm_error_kind { LLM_ERROR_LIST(X) LLM_ERROR_KINDS };
#undef X

struct llm_error {
	enum llm_error_kind kind;
	unsigned status;          /* HTTP */
	struct str message;       /* esc */
	struct str code, param;   /* esc, or absent: "context_length_exceeded", ... */
	struct str request_id;    /* esc: ours */
	struct str body;          /* the provider's own, for a client of its dialect; or absent */
};

struct llm_event {
	enum llm_event_kind kind;
	unsigned choice, part;
	enum llm_part_kind part_kind;
	enum llm_dialect origin;
	struct str id, model, name, signature, text, args, raw;
	const struct llm_media *media; /* of an image, ... in an answer; else NULL */
	int64_t created;
	enum llm_finish finish;
	struct llm_usage usage;
	struct llm_error error;
};

struct llm_sink {
	void (*on_event)(struct llm_sink *, const struct llm_event *);
};

/* ---- a dialect: one const struct in its own file, listed in dialects[] ---------------------- */

struct llm_opts {
	struct str model;            /* plain: the upstream's model id */
	bool drop_params;            /* drop what the target cannot say, do not refuse it */
	bool compatible;             /* OpenAI's format, but not OpenAI itself: vLLM, Ollama, ... */
	int64_t default_max_tokens;  /* where the target requires one and none was given */
	struct arena *arena;
	struct diag *diag;           /* ERR_UNSUPPORTED names the field in diag->param */
	struct llm_str *dropped;     /* out: names of what was dropped */
};

struct llm_decoder;
struct llm_encoder;

/* What a spliced (same dialect) stream event means to policy and metering. */
struct llm_peek {
	bool content;            /* carries part of the answer: from here on no fallback */
	bool error, done, only_usage;
	struct llm_usage usage;  /* merged into; known when seen */
	enum llm_finish finish;  /* when seen */
};

struct dialect {
	const char *name; /* "openai", "anthropic", "gemini" */

	/* decode_request reads a body that json_parse accepted. Strict about types, names the field
	 * in diag. Where the dialect puts model and stream in the path (Gemini) the caller sets
	 * them afterwards. */
	enum err (*decode_request)(const struct json *root, struct llm_request *out,
				   struct arena *a, struct diag *d);

	/* encode_request appends the body. Names in opts->diag what it cannot say, or drops it. */
	enum err (*encode_request)(const struct llm_request *r, struct llm_opts *opts,
				   struct buf *out);

	/* decode_response reads a 2xx body; encode_response writes one. */
	enum err (*decode_response)(const struct json *root, struct llm_response *out,
				    struct arena *a, struct diag *d);
	enum err (*encode_response)(const struct llm_response *r, struct arena *a, struct buf *out);

	/* decoder_new: a stream's decoder in the call's arena. decode_event takes one SSE event and
	 * pushes neutral events; scratch is reset by the caller after each. decode_end says that
	 * the body ended: a stream that is not complete by then gives EV_ERROR. */
	struct llm_decoder *(*decoder_new)(struct arena *a);
	enum err (*decode_event)(struct llm_decoder *, struct str event, struct str data,
				 struct arena *scratch, struct llm_sink *);
	void (*decode_end)(struct llm_decoder *, struct llm_sink *);

	/* encoder_new: a stream's encoder; r is the client's request (include_usage, n, model) and
	 * outlives it. encode_event appends complete SSE events to out. */
	struct llm_encoder *(*encoder_new)(struct arena *a, const struct llm_request *r);
	enum err (*encode_event)(struct llm_encoder *, const struct llm_event *, struct buf *out);

	/* Errors. decode_error classifies a non-2xx body, which may be anything; root is NULL when
	 * it is no JSON. encode_error appends the body of an error answer; encode_stream_error an
	 * event, complete. */
	void (*decode_error)(unsigned status, const struct json *root, struct llm_error *out,
			     struct arena *a);
	void (*encode_error)(const struct llm_error *, struct buf *out);
	void (*encode_stream_error)(const struct llm_error *, struct buf *out);

	/* For splices. usage of a whole answer, with its finish reason. peek of one stream event:
	 * cheap for plain content (no parse), exact for usage and errors; scratch for the few that
	 * are parsed. */
	void (*peek_response)(const struct json *root, struct llm_peek *out);

	/* The members of an answer that must have been read for its usage and error to be seen, up
	 * to an empty name; NULL: all. json_skim may leave the others. */
	const struct str *peeked;
	void (*peek_event)(struct str event, struct str data, struct arena *scratch,
			   struct llm_peek *io);

	/* skim is for a stream in which content was seen: it gives the length of the complete
	 * events at the start of in that only go on with it, for which peek_event would change
	 * nothing, and adds the tokens that they may be. 0 where the next event needs a look. May
	 * be NULL. */
	size_t (*skim)(struct str in, uint32_t *io_guess);

	/* Names (dotted) of request and response fields that have no counterpart in the neutral
	 * model and may be ignored in silence because they change nothing; NULL-terminated. Listed
	 * in docs/dialects.md. */
	const char *const *harmless;
};

extern const struct dialect dialect_openai, dialect_anthropic, dialect_gemini;
extern const struct dialect *const dialects[DIALECT_COUNT];

/* ---- shared by the dialects (llm/llm.c) ----------------------------------------------------- */

/* llm_request_init sets every field to unset. */
void llm_request_init(struct llm_request *r, enum llm_dialect origin);

/* llm_dialect_name gives the word for d: "openai", "anthropic", "gemini". */
const char *llm_dialect_name(enum llm_dialect d);

/* Lists keep their order: each adds at the end and returns the new zeroed item, or NULL. */
struct llm_part *llm_part_add(struct arena *a, struct llm_part **list, enum llm_part_kind kind);
struct llm_msg *llm_msg_add(struct arena *a, struct llm_msg **list, enum llm_role role);
struct llm_tool *llm_tool_add(struct arena *a, struct llm_tool **list);
struct llm_answer_choice *llm_choice_add(struct arena *a, struct llm_answer_choice **list);
MUST_USE enum err llm_str_add(struct arena *a, struct llm_str **list, struct str s);
MUST_USE enum err llm_extra_add(struct arena *a, struct llm_extra **list, struct str name,
				struct str value);

/* llm_cannot is for encoders: the target cannot express field. With drop_params it notes the name
 * and returns OK, else it sets opts->diag and returns ERR_UNSUPPORTED. */
MUST_USE enum err llm_cannot(struct llm_opts *opts, const char *field, enum llm_dialect target);

/* llm_refuse_extras calls llm_cannot for each of the request's extras that harmless lacks. */
MUST_USE enum err llm_refuse_extras(const struct llm_request *r, struct llm_opts *opts,
				    const char *const *harmless, enum llm_dialect target);

/* A signature or thinking block leaves its own dialect through one that has no field for it as a
 * tagged string, "<dialect>.<signature>". llm_tag writes that form; llm_untag takes it apart and
 * gives the origin, own for an untagged one. */
struct str llm_tag(struct arena *a, enum llm_dialect origin, struct str signature);
struct str llm_untag(struct str tagged, enum llm_dialect own, enum llm_dialect *out_origin);

/* A tool call's signature travels in its id where the dialect has no other place: id "__sig__"
 * tagged, base64url. llm_id_join and llm_id_split; split gives the bare id, and a signature with p
 * == NULL when there is none. Ids of tool results are split like those of calls. */
struct str llm_id_join(struct arena *a, struct str id, enum llm_dialect origin,
		       struct str signature);
struct str llm_id_split(struct arena *a, struct str id, enum llm_dialect *out_origin,
			struct str *out_signature);

/* Tool arguments change between a JSON string that holds JSON and the JSON itself. llm_args_parse
 * resolves esc and checks that it is a JSON object ("" gives {}); llm_args_esc gives the esc form
 * of raw. llm_args_any takes what a model may have spoiled: text that is no object becomes
 * {"__malformed_arguments":"<text>"}, because {} could be carried out. It fails only for lack of
 * memory. */
MUST_USE enum err llm_args_parse(struct arena *a, struct str esc, struct str *out_raw);
MUST_USE enum err llm_args_any(struct arena *a, struct str esc, struct str *out_raw);
struct str llm_args_esc(struct arena *a, struct str raw);

/* llm_plain_esc is esc with needless escapes ("\/", as PHP writes it) resolved, for what is looked
 * into. Where that cannot be done it is esc itself. */
struct str llm_plain_esc(struct arena *a, struct str esc);

/* What tools are called by the client and by the target, where these differ (llm/llm_names.c). */
enum { LLM_NAME_BUCKETS = 64 };
struct llm_name {
	struct llm_name *next;
	struct str own, sent; /* esc */
};
struct llm_names {
	struct llm_name *buckets[LLM_NAME_BUCKETS];
};

/* llm_names_fit gives each tool whose name target would refuse, being too long or of other
 * characters, one that it takes, wherever r names it. *out is what llm_name_home and llm_names_home
 * need to change them back, in keep; NULL where nothing was changed. */
MUST_USE enum err llm_names_fit(struct llm_request *r, enum llm_dialect target, struct arena *a,
				struct arena *keep, struct llm_names **out);
struct str llm_name_home(const struct llm_names *names, struct str sent);
void llm_names_home(const struct llm_names *names, struct llm_response *r);

/* llm_is_mime: type/subtype, and parameters such as ";rate=24000"; nothing that could end a data
 * URL's head early. */
bool llm_is_mime(struct str s);

/* llm_data_url takes "data:<mime>;base64,<data>" apart; false when it is none. All esc. The mime
 * type stands without its parameters; p is NULL when it is missing. */
bool llm_data_url(struct str esc, struct str *out_mime, struct str *out_data);

/* llm_replay pushes a whole answer as events; llm_collect builds an answer from events (a sink). */
void llm_replay(const struct llm_response *r, struct llm_sink *sink);
struct llm_collect {
	struct llm_sink sink;
	struct arena *arena;
	struct llm_response *out;
	struct llm_error error; /* status 0: none came */
	enum err err;           /* ERR_SYNTAX when the promises above are broken */
	bool done;
	struct llm_collect_choice **state; /* llm_collect.c's */
	unsigned choices;
};
void llm_collect_init(struct llm_collect *c, struct arena *a, struct llm_response *out);

/* llm_effort_budget and llm_budget_effort convert between effort words and token budgets, as
 * LiteLLM does: minimal/low 1024, medium 2048, high 4096; xhigh 8192 and max 16384 are ours. -1 and
 * p == NULL: no such word, no such budget. */
int64_t llm_effort_budget(struct str effort);
struct str llm_budget_effort(int64_t budget);

/* llm_guess gives the tokens that n bytes of an answer may be: one at least. */
static inline uint32_t llm_guess(size_t n)
{
	return n < 8 ? 1 : n / 4 < UINT16_MAX ? (uint32_t)(n / 4) : UINT16_MAX;
}

/* llm_usage_merge merges a later report into an earlier one: fields that are not 0 win. */
void llm_usage_merge(struct llm_usage *io, const struct llm_usage *later);

/* llm_error_kind_of gives what a status of HTTP says of an error; 0, none: the provider failed. */
enum llm_error_kind llm_error_kind_of(unsigned http);

/* llm_error_set fills an error of ours from a kind and a plain sentence, which it escapes. */
void llm_error_set(struct llm_error *e, enum llm_error_kind kind, struct arena *a,
		   struct str message);

#endif
