/*
 * store/batch_store.h - the ledger's rows, read and moved. Errors: see store/store.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_BATCH_STORE_H
#define STORE_BATCH_STORE_H

#include "base/arena.h"
#include "batch/batch.h"
#include "batch/lifecycle.h"
#include "store/store.h"

/* What a new row holds. */
struct store_new_batch {
	const char *uid;                /* made by the caller: repeating store_accept() with it finds the row */
	enum batch_protocol protocol;
	const char *name;
	const char *owner;
	const char *proxy_user;
	const char *cluster;
	const char *namespace;
	const char *operator_kind;
	const char *request_text;       /* JSON, secrets replaced */
	const char *request_id;
	const char *spec_text;          /* JSON of the object's spec, whole; kept until Kubernetes has it */
	int claim_ms;                   /* nobody else pushes it before */
	const char *client_key;         /* NULL: none; otherwise one row per key, and `uid` is not used */
	const char *whole_request_text; /* its digest is kept, to tell a repetition from another request */
	struct batch_retry retry;
	const char *queue;              /* NULL: it asks for none */
	const char *limits;             /* as in store/turn_store.h; NULL: none */
	const char *asked_text;         /* JSON, its members named as columns, for reports; NULL: not known */
	const char *put_off;            /* why the caller does not push it now, for people; NULL: it does */
	int64_t put_off_ms;             /* since that was found: what a watcher has heard later counts more */
	int silence_s;                  /* a watcher without a word for longer is gone */
};

struct store_accepted {
	bool is_new;                    /* false: the row was there, from an earlier call with the same uid or client key */
	bool is_put_off;                /* new, and anybody may push it at once */
	bool is_followed;               /* new, and a watcher hears of its cluster's objects */
};

/*
 * Commits the row and the push that it owes, together; what was there is not changed.
 * ret_batch  of a new row it borrows from new_batch
 * err  also ERR_EXISTS: the name belongs to an unfinished batch; ERR_CONFLICT: the client key was used for another request;
 *      ERR_FULL: by the limits it may neither run nor wait, and nothing is kept; msg names the limit
 */
MUST_CHECK bool store_accept(struct store *store, struct arena *arena, const struct store_new_batch *new_batch,
			     struct batch *ret_batch, struct store_accepted *ret_accepted, struct err *err);

/*
 * The batch that this client key has made already; owner NULL: anonymous.
 * whole_request_text  as in store_new_batch
 * err  ERR_NOT_FOUND: none; ERR_CONFLICT: another request has made it
 */
MUST_CHECK bool store_repeated(struct store *store, struct arena *arena, const char *owner, const char *client_key,
			       const char *whole_request_text, struct batch *ret_batch, struct err *err);

/*
 * The object of batch->retries is known to exist; `by` is "worker" or "watcher", or "watch" when an event was the first to
 * tell. ret_batch is the row after it, maybe to be killed.
 */
MUST_CHECK bool store_pushed(struct store *store, struct arena *arena, const struct batch *batch, const char *by,
			     struct batch *ret_batch, struct err *err);
/*
 * The same of several in one commit, by "watch": those of which it was news are updated. The others, and those that somebody
 * else has in hand, are left as they are.
 */
MUST_CHECK bool store_pushed_all(struct store *store, struct arena *arena, struct batch *const *batches, size_t count,
				 struct err *err);
/* Not now: in delay_ms anybody may try again. `why` is for people. */
MUST_CHECK bool store_push_deferred(struct store *store, const struct batch *batch, int delay_ms, const char *why,
				    struct err *err);
/* Never: the row ends as "error" with Kubernetes' words. */
MUST_CHECK bool store_refused(struct store *store, const struct batch *batch, const char *words, struct err *err);

struct store_push {
	struct batch batch;
	struct json_object *spec;       /* the arena's */
	int tries;
};
/* Takes over pushes that nobody holds, oldest first; they are held for claim_ms. */
MUST_CHECK bool store_push_claim(struct store *store, struct arena *arena, const char *cluster, int claim_ms, int limit,
				 struct store_push **ret_pushes, size_t *ret_count, struct err *err);

/* The end of a batch whose log is not complete: whoever goes on, after whatever end of this process, ends it so. */
MUST_CHECK bool store_end_seen(struct store *store, const struct batch *batch, const struct batch_sight *end,
			       struct err *err);

/*
 * Writes what batch_next() found. ret_won false: the row is not in batch->state, or in that run, any more: somebody else
 * moved it.
 */
MUST_CHECK bool store_move(struct store *store, const struct batch *batch, const struct batch_sight *sight,
			   const struct batch_move *move, bool *ret_won, struct err *err);

/*
 * Instead of an end: the batch is as before a run, whose push is owed in its interval's time.
 * spec     of the object of the run that failed, whole
 * ret_won  false: it is to be killed, or somebody else moved it
 */
MUST_CHECK bool store_retry(struct store *store, const struct batch *batch, const struct batch_sight *sight,
			    const struct batch_move *end, struct json_object *spec, bool *ret_won, struct err *err);

enum store_kill { STORE_KILL, STORE_DELETE };
/*
 * Records the wish to kill; STORE_DELETE also takes the batch off the list. Watchers are told.
 * err  also ERR_NOT_FOUND
 */
MUST_CHECK bool store_kill_request(struct store *store, struct arena *arena, int64_t id, enum store_kill kind,
				   const char *actor, const char *request_id, struct batch *ret_batch, struct err *err);

/*
 * Records it for all unfinished batches of a protocol; cluster NULL: in every cluster, actor NULL: whosever they are.
 * ret_count  of those that nobody had wished to kill before
 */
MUST_CHECK bool store_kill_all(struct store *store, enum batch_protocol protocol, const char *cluster, const char *actor,
			       const char *request_id, int64_t *ret_count, struct err *err);

struct store_owed_kill {
	struct batch batch;
	bool held;      /* somebody may be creating the object just now: its absence proves nothing yet */
};
MUST_CHECK bool store_kills_owed(struct store *store, struct arena *arena, const char *cluster, int limit,
				 struct store_owed_kill **ret_kills, size_t *ret_count, struct err *err);

/* err also ERR_NOT_FOUND, with an empty msg: each protocol has its own words for it. */
MUST_CHECK bool store_show(struct store *store, struct arena *arena, int64_t id, struct batch *ret_batch,
			   struct err *err);
/* The same, but only what its shown state and the access to it need: id, owner, proxy_user, state, kill_requested_at. */
MUST_CHECK bool store_show_state(struct store *store, struct arena *arena, int64_t id, struct batch *ret_batch,
				 struct err *err);
MUST_CHECK bool store_show_by_name(struct store *store, struct arena *arena, const char *name, struct batch *ret_batch,
				   struct err *err);
MUST_CHECK bool store_show_by_uid(struct store *store, struct arena *arena, const char *uid, struct batch *ret_batch,
				  struct err *err);
/* Those that there are of them, in any order. */
MUST_CHECK bool store_show_by_uids(struct store *store, struct arena *arena, const char *const *uids, size_t count,
				   struct batch **ret_batches, size_t *ret_count, struct err *err);

/* Listed batches, oldest first, as a list shows them (batch_shown); the array is the arena's. ret_total counts all. */
MUST_CHECK bool store_list(struct store *store, struct arena *arena, int64_t offset, int64_t limit,
			   struct batch **ret_batches, size_t *ret_count, int64_t *ret_total, struct err *err);

/* Unfinished batches of a cluster with id > after that were pushed before a time (store_now()). */
MUST_CHECK bool store_unfinished(struct store *store, struct arena *arena, const char *cluster, int64_t after_id,
				 int limit, const char *pushed_before, struct batch **ret_batches, size_t *ret_count,
				 struct err *err);

/* Batches with id > after that should run by now and do not. */
MUST_CHECK bool store_waiting(struct store *store, struct arena *arena, const char *cluster, int64_t after_id, int limit,
			      struct batch **ret_batches, size_t *ret_count, struct err *err);
/* Why the batch waits, for people; nothing when it does not wait any more. */
MUST_CHECK bool store_waiting_note(struct store *store, int64_t id, const char *why, struct err *err);

/* Unfinished ones with id > after whose objects are not of the definition that is watched, by the word of its operator. */
MUST_CHECK bool store_other_operator(struct store *store, struct arena *arena, const char *cluster, const char *watched,
				     int64_t after_id, int limit, struct batch **ret_batches, size_t *ret_count,
				     struct err *err);

/* Unfinished batches of a cluster whose driver pods are asked directly. */
MUST_CHECK bool store_driver_followed(struct store *store, struct arena *arena, const char *cluster, int limit,
				      struct batch **ret_batches, size_t *ret_count, struct err *err);

/* The database's clock, as text for store_unfinished(). */
MUST_CHECK bool store_now(struct store *store, struct arena *arena, const char **ret_now, struct err *err);

#endif
