/*
 * egress/pool.c - connections to one upstream, kept for reuse, and the flights that wait for one.
 * Input: none of its own.   Runs in: egress.
 */
#include "egress/pool.h"

#include "egress/conn.h"
#include "egress/h2.h"
#include "egress/table.h"
#include "sys/log.h"

#include <assert.h>

enum { SWEEP_MS = 5000, LOG_EVERY_MS = 1000 };

#define OWNER(type, member, p) ((type *)(void *)((char *)(p) - offsetof(type, member)))

static void need(struct pool *p);

/* on_sweep closes what has been idle for too long: the tail of the list. */
static void on_sweep(struct timer *t)
{
	struct pool *p = OWNER(struct pool, sweep, t);
	uint64_t now = loop_now_ms(p->linker->loop);

	while (p->oldest && now - p->oldest->idle_since_ms >= POOL_IDLE_MS)
		conn_close(p->oldest);
	if (p->oldest)
		timer_set(p->linker->loop, t, SWEEP_MS);
}

void pool_init(struct pool *p, struct linker *linker, struct table *t, const struct upstream *row,
	       struct tls_client *trust)
{
	*p = (struct pool){
		.linker = linker,
		.table = t,
		.row = row,
		.trust = trust,
		.sweep = { .on_expire = on_sweep },
	};
}

static void push_idle(struct pool *p, struct conn *c)
{
	c->idle_since_ms = loop_now_ms(p->linker->loop);
	c->idle = true;
	c->newer = NULL;
	c->older = p->idle;
	if (p->idle)
		p->idle->newer = c;
	else
		p->oldest = c;
	p->idle = c;
	if (p->sweep.link == NULL)
		timer_set(p->linker->loop, &p->sweep, SWEEP_MS);
}

void pool_remove(struct pool *p, struct conn *c)
{
	assert(c->idle);
	c->idle = false;
	if (c->newer)
		c->newer->older = c->older;
	else
		p->idle = c->older;
	if (c->older)
		c->older->newer = c->newer;
	else
		p->oldest = c->newer;
	c->newer = c->older = NULL;
}

static void enqueue(struct pool *p, struct flight *f)
{
	f->queued = true;
	f->next = NULL;
	f->prev = p->last;
	if (p->last)
		p->last->next = f;
	else
		p->first = f;
	p->last = f;
	p->n_waiting++;
}

void pool_forget(struct flight *f)
{
	struct pool *p = f->pool;

	assert(f->queued);
	if (f->prev)
		f->prev->next = f->next;
	else
		p->first = f->next;
	if (f->next)
		f->next->prev = f->prev;
	else
		p->last = f->prev;
	f->queued = false;
	f->next = f->prev = NULL;
	p->n_waiting--;
}

static struct flight *dequeue(struct pool *p)
{
	struct flight *f = p->first;

	if (f)
		pool_forget(f);
	return f;
}

static struct h2 *session_with_room(struct pool *p)
{
	struct h2 *s = p->sessions;

	while (s && !h2_has_room(s))
		s = s->next;
	return s;
}

void pool_submit(struct pool *p, struct flight *f, bool fresh)
{
	struct conn *c = fresh ? NULL : p->idle;
	struct h2 *s;

	f->pool = p;
	if (c) {
		pool_remove(p, c);
		conn_start(c, f);
	} else if (p->sessions && (s = session_with_room(p)) != NULL) {
		h2_start(s, f);
	} else {
		enqueue(p, f);
		need(p);
	}
}

void pool_put(struct pool *p, struct conn *c)
{
	struct flight *f = dequeue(p);

	if (f)
		conn_start(c, f);
	else if (p->retired)
		conn_close(c);
	else
		push_idle(p, c);
}

void pool_streams_free(struct pool *p)
{
	struct h2 *s;

	while (p->first && (s = session_with_room(p)) != NULL)
		h2_start(s, dequeue(p));
	need(p);
}

/* turned_away: a session began, and says that it takes nothing. Another would say so, too. */
static void turned_away(struct pool *p)
{
	while (p->first && session_with_room(p) == NULL)
		flight_end(dequeue(p), END_BUSY);
}

static void log_failure(struct pool *p, enum call_end how, const char *why)
{
	uint64_t now = loop_now_ms(p->linker->loop);
	char id[80], host[80];

	if (p->logged_ms && now - p->logged_ms < LOG_EVERY_MS)
		return;
	p->logged_ms = now;
	log_msg(LOG_WARN, "upstream '%s' at %s:%u: %s: %s", log_str(p->row->id, id, sizeof id),
		log_str(p->row->host, host, sizeof host), p->row->port, call_end_text[how], why);
}

/* on_open: a dialled link is open, or failed. A failure is the answer to the flight that waited
 * longest; where one HTTP/2 session was to carry all, to all of them. */
static void on_open(struct link *l, enum call_end how, const char *why)
{
	struct pool *p = l->owner;

	p->n_dialing--;
	if (how == END_OK) {
		bool h2 = l->tls && tls_is_http2(l->tls);
		p->speaks_h1 |= !h2;
		struct conn *c = h2 ? NULL : conn_new(p, l);
		if (c)
			pool_put(p, c);
		if (c || (h2 && h2_new(p, l))) {
			if (h2)
				turned_away(p);
			pool_streams_free(p);
			return;
		}
		link_close(l);
		how = END_CONNECT;
		why = "no memory";
	}
	log_failure(p, how, why);
	p->n_links--;
	bool all = p->row->http2 && !p->speaks_h1;
	for (struct flight *f = dequeue(p); f; f = all ? dequeue(p) : NULL)
		flight_end(f, how);
	need(p);
}

/* make_place closes an idle connection of another upstream when the process has all it may have. */
static bool make_place(struct pool *p)
{
	struct table *t = p->table;

	if (p->linker->n < p->linker->max)
		return true;
	for (uint32_t i = 0; i < t->ups.n; i++)
		if (t->pools[i].oldest) {
			conn_close(t->pools[i].oldest);
			return true;
		}
	return false;
}

static bool may_dial(const struct pool *p)
{
	unsigned max = p->row->conns_max ? p->row->conns_max : LIMIT_UPSTREAM_CONNS;

	if (p->n_waiting <= p->n_dialing || p->n_links >= max)
		return false;
	/* One session carries many: the first dial tells which protocol it will be. */
	return !p->row->http2 || p->speaks_h1 || p->n_dialing == 0;
}

/* need dials as long as more flights wait than links are under way. */
static void need(struct pool *p)
{
	const struct tunnel *via = p->row->proxied ? &p->table->proxy : NULL;

	while (may_dial(p)) {
		struct link *l = make_place(p) ?
			link_dial(p->linker, p->row, via, p->trust, &p->session, p, on_open) : NULL;
		if (l == NULL) {
			/* Somebody of this pool will come back, unless there is nobody. */
			if (p->n_links == 0)
				flight_end(dequeue(p), END_BUSY);
			return;
		}
		p->n_links++;
		p->n_dialing++;
	}
}

void pool_link_gone(struct pool *p)
{
	p->n_links--;
	need(p);
}

void pool_retire(struct pool *p)
{
	p->retired = true;
	while (p->oldest)
		conn_close(p->oldest);
	for (struct h2 *s = p->sessions, *next; s; s = next) {
		next = s->next;
		h2_retire(s);
	}
}

bool pool_busy(const struct pool *p)
{
	return p->n_links > 0 || p->n_waiting > 0;
}
