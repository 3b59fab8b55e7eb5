/* SPDX-License-Identifier: Apache-2.0 */
#include "store/batch_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "batch/retry.h"
#include "store/store_priv.h"

const char *
number_text(struct number *number, int64_t value)
{
	text_int(number->text, value);
	return number->text;
}

static struct json_object *
copy_json(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_own_json(arena, json_tokener_parse(text));
}

/* Reasons as PostgreSQL reads them, or NULL for any. */
static const char *
retry_reasons(struct arena *arena, unsigned reasons)
{
	return reasons == BATCH_RETRY_ANY ? NULL : arena_printf(arena, "{%s}", batch_retry_reasons_text(arena, reasons));
}

bool
store_one_batch(struct store *store, struct arena *arena, enum statement_id id, const char *const *params,
		struct batch *ret_batch, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, id, params, &result, err))
		return false;
	if (PQntuples(result) == 0)
		return err_set(err, ERR_NOT_FOUND, "%s", "");
	store_read_batch(arena, result, 0, ret_batch);
	return true;
}

/* How often a repetition that lost the race for a client key looks again for the winner's row. */
#define ACCEPT_TRIES 3

static bool
key_used_otherwise(const char *client_key, const PGresult *result, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "the client key '%s' was used for another request (batch %s)", client_key,
		       store_value(result, 0, "id"));
}

/* What the caller knows of a row that it has just made is not sent back to it. */
static void
read_new_batch(struct arena *arena, const PGresult *result, const struct store_new_batch *new_batch,
	       struct batch *ret_batch)
{
	*ret_batch = (struct batch){
		.id = store_number(result, 0, "id"),
		.uid = arena_strdup(arena, store_value(result, 0, "uid")),
		.name = new_batch->name,
		.owner = new_batch->owner,
		.proxy_user = new_batch->proxy_user,
		.cluster = new_batch->cluster,
		.namespace = new_batch->namespace,
		.operator_kind = new_batch->operator_kind,
		.first_object_name = arena_strdup(arena, store_value(result, 0, "object_name")),
		.request_id = new_batch->request_id,
		.protocol = new_batch->protocol,
		.state = BATCH_ACCEPTED,
		.message = arena_strdup(arena, store_value(result, 0, "message")),
		.retry = new_batch->retry,
		.accepted_at = store_time(arena, store_value(result, 0, "accepted_at")),
		.queue = new_batch->queue,
		.admitted_at = store_time(arena, store_value(result, 0, "admitted_at")),
	};
	ret_batch->object_name = batch_object_of_run(arena, ret_batch->first_object_name, 0);
}

bool
store_accept(struct store *store, struct arena *arena, const struct store_new_batch *new_batch, struct batch *ret_batch,
	     struct store_accepted *ret_accepted, struct err *err)
{
	struct number claim, retry_max, retry_interval, put_off, silence;
	const char *params[] = {
		new_batch->uid,
		batch_protocol_text(new_batch->protocol),
		new_batch->name,
		new_batch->owner,
		new_batch->proxy_user,
		new_batch->cluster,
		new_batch->namespace,
		new_batch->operator_kind,
		new_batch->request_text,
		new_batch->request_id,
		new_batch->spec_text,
		number_text(&claim, new_batch->claim_ms),
		new_batch->client_key,
		new_batch->whole_request_text,
		number_text(&retry_max, new_batch->retry.max),
		number_text(&retry_interval, new_batch->retry.interval_s),
		retry_reasons(arena, new_batch->retry.reasons),
		new_batch->queue,
		new_batch->limits,
		new_batch->asked_text,
		new_batch->put_off,
		number_text(&put_off, new_batch->put_off_ms),
		number_text(&silence, new_batch->silence_s),
	};

	for (int i = 0; i < ACCEPT_TRIES; i++) {
		AUTO_PGRESULT PGresult *result = NULL;

		if (!store_run(store, STATEMENT_BATCH_ACCEPT, params, &result, err))
			return false;
		if (PQntuples(result) == 0)
			continue;
		if (store_value(result, 0, "full_of") != NULL)
			return store_full(result, err);
		if (!store_true(result, 0, "is_same"))
			return key_used_otherwise(new_batch->client_key, result, err);
		*ret_accepted = (struct store_accepted){ .is_new = store_true(result, 0, "is_new"),
							 .is_followed = store_true(result, 0, "is_followed") };
		if (!ret_accepted->is_new)
			return store_show(store, arena, store_number(result, 0, "id"), ret_batch, err);
		read_new_batch(arena, result, new_batch, ret_batch);
		ret_accepted->is_put_off = ret_batch->message != NULL && !batch_waits_for_turn(ret_batch);
		return true;
	}
	return err_set(err, ERR_UNAVAILABLE, "the batch is being accepted by another request with the same key; try again");
}

bool
store_repeated(struct store *store, struct arena *arena, const char *owner, const char *client_key,
	       const char *whole_request_text, struct batch *ret_batch, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { owner, client_key, whole_request_text };

	if (!store_run(store, STATEMENT_BATCH_REPEATED, params, &result, err))
		return false;
	if (PQntuples(result) == 0)
		return err_set(err, ERR_NOT_FOUND, "%s", "");
	if (!store_true(result, 0, "is_same"))
		return key_used_otherwise(client_key, result, err);
	store_read_batch(arena, result, 0, ret_batch);
	return true;
}

bool
store_pushed(struct store *store, struct arena *arena, const struct batch *batch, const char *by, struct batch *ret_batch,
	     struct err *err)
{
	struct number number, run;
	const char *params[] = { number_text(&number, batch->id), by, number_text(&run, batch->retries) };

	return store_one_batch(store, arena, STATEMENT_BATCH_PUSHED, params, ret_batch, err);
}

/* As PostgreSQL reads an array of what needs no quotes; the arena's. */
static const char *
array_of(struct arena *arena, const char *const *items, size_t count)
{
	size_t size = 2;
	char *text, *end;

	for (size_t i = 0; i < count; i++)
		size += strlen(items[i]) + 1;
	text = arena_alloc(arena, size + 1);
	end = stpcpy(text, "{");
	for (size_t i = 0; i < count; i++)
		end = stpcpy(stpcpy(end, i == 0 ? "" : ","), items[i]);
	stpcpy(end, "}");
	return text;
}

bool
store_pushed_all(struct store *store, struct arena *arena, struct batch *const *batches, size_t count, struct err *err)
{
	const char **ids = arena_alloc(arena, count * sizeof(*ids) + 1), **runs = arena_alloc(arena, count * sizeof(*runs) + 1);
	AUTO_PGRESULT PGresult *result = NULL;

	for (size_t i = 0; i < count; i++) {
		ids[i] = arena_printf(arena, "%" PRId64, batches[i]->id);
		runs[i] = arena_printf(arena, "%d", batches[i]->retries);
	}
	const char *params[] = { array_of(arena, ids, count), array_of(arena, runs, count), "watch" };

	if (!store_run(store, STATEMENT_BATCH_PUSHED_ALL, params, &result, err))
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		int64_t id = store_number(result, row, "id");

		for (size_t i = 0; i < count; i++) {
			if (batches[i]->id != id)
				continue;
			batch_state_parse(store_value(result, row, "state"), &batches[i]->state);
			batches[i]->message = arena_strdup(arena, store_value(result, row, "message"));
			batches[i]->pushed_at = store_time(arena, store_value(result, row, "pushed_at"));
		}
	}
	return true;
}

/* Runs a statement of which only that it was done is of interest. */
static bool
write_only(struct store *store, enum statement_id id, const char *const *params, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	return store_run(store, id, params, &result, err);
}

bool
store_push_deferred(struct store *store, const struct batch *batch, int delay_ms, const char *why, struct err *err)
{
	struct number number, delay, run;
	const char *params[] = { number_text(&number, batch->id), number_text(&delay, delay_ms), why,
				 number_text(&run, batch->retries) };

	return write_only(store, STATEMENT_BATCH_PUSH_DEFERRED, params, err);
}

bool
store_refused(struct store *store, const struct batch *batch, const char *words, struct err *err)
{
	struct number number, run;
	const char *params[] = { number_text(&number, batch->id), words, number_text(&run, batch->retries) };

	return write_only(store, STATEMENT_BATCH_REFUSED, params, err);
}

bool
store_push_claim(struct store *store, struct arena *arena, const char *cluster, int claim_ms, int limit,
		 struct store_push **ret_pushes, size_t *ret_count, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number claim, most;
	const char *params[] = { cluster, number_text(&claim, claim_ms), number_text(&most, limit) };
	size_t count;

	if (!store_run(store, STATEMENT_BATCH_PUSH_CLAIM, params, &result, err))
		return false;
	count = (size_t)PQntuples(result);
	*ret_pushes = arena_alloc(arena, count * sizeof(**ret_pushes) + 1);
	*ret_count = count;
	for (size_t row = 0; row < count; row++) {
		struct store_push *push = &(*ret_pushes)[row];

		store_read_batch(arena, result, (int)row, &push->batch);
		push->spec = copy_json(arena, store_value(result, (int)row, "object"));
		push->tries = (int)store_number(result, (int)row, "tries");
	}
	return true;
}

bool
store_end_seen(struct store *store, const struct batch *batch, const struct batch_sight *end, struct err *err)
{
	struct number number, exit_code, run;
	const char *params[] = {
		number_text(&number, batch->id),
		batch_state_text(end->phase == BATCH_SEEN_SUCCEEDED ? BATCH_SUCCESS : BATCH_DEAD),
		batch_reason_text(end->reason),
		end->message,
		end->has_exit_code ? number_text(&exit_code, end->exit_code) : NULL,
		number_text(&run, batch->retries),
	};

	return write_only(store, STATEMENT_BATCH_END_SEEN, params, err);
}

bool
store_move(struct store *store, const struct batch *batch, const struct batch_sight *sight, const struct batch_move *move,
	   bool *ret_won, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number number, attempts, exit_code, run;
	const char *params[] = {
		number_text(&number, batch->id),
		batch_state_text(batch->state),
		batch_state_text(move->state),
		batch_reason_text(move->reason),
		move->message,
		sight->app_id,
		sight->driver_pod,
		number_text(&attempts, batch_attempts_seen(batch, sight)),
		sight->follow_driver ? "t" : "f",
		sight->has_exit_code ? number_text(&exit_code, sight->exit_code) : NULL,
		sight->object_uid,
		number_text(&run, batch->retries),
	};

	if (!store_run(store, STATEMENT_BATCH_MOVE, params, &result, err))
		return false;
	*ret_won = PQntuples(result) == 1;
	return true;
}

bool
store_retry(struct store *store, const struct batch *batch, const struct batch_sight *sight, const struct batch_move *end,
	    struct json_object *spec, bool *ret_won, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number number, run, exit_code;
	const char *params[] = {
		number_text(&number, batch->id),
		number_text(&run, batch->retries),
		batch_reason_text(end->reason),
		end->message,
		sight->has_exit_code ? number_text(&exit_code, sight->exit_code) : NULL,
		json_text(spec),
	};

	if (!store_run(store, STATEMENT_BATCH_RETRY, params, &result, err))
		return false;
	*ret_won = PQntuples(result) == 1;
	return true;
}

bool
store_kill_request(struct store *store, struct arena *arena, int64_t id, enum store_kill kind, const char *actor,
		   const char *request_id, struct batch *ret_batch, struct err *err)
{
	struct number number;
	const char *params[] = { number_text(&number, id), actor, request_id, kind == STORE_DELETE ? "delete" : "kill" };

	return store_one_batch(store, arena, STATEMENT_BATCH_KILL_REQUEST, params, ret_batch, err);
}

bool
store_kill_all(struct store *store, enum batch_protocol protocol, const char *cluster, const char *actor,
	       const char *request_id, int64_t *ret_count, struct err *err)
{
	const char *params[] = { batch_protocol_text(protocol), cluster, actor, request_id };
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, STATEMENT_BATCH_KILL_ALL, params, &result, err))
		return false;
	*ret_count = store_number(result, 0, "batches");
	return true;
}

bool
store_kills_owed(struct store *store, struct arena *arena, const char *cluster, int limit,
		 struct store_owed_kill **ret_kills, size_t *ret_count, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number most;
	const char *params[] = { cluster, number_text(&most, limit) };
	size_t count;

	if (!store_run(store, STATEMENT_BATCH_KILL_OWED, params, &result, err))
		return false;
	count = (size_t)PQntuples(result);
	*ret_kills = arena_alloc(arena, count * sizeof(**ret_kills) + 1);
	*ret_count = count;
	for (size_t row = 0; row < count; row++) {
		store_read_batch(arena, result, (int)row, &(*ret_kills)[row].batch);
		(*ret_kills)[row].held = store_true(result, (int)row, "held");
	}
	return true;
}

bool
store_show(struct store *store, struct arena *arena, int64_t id, struct batch *ret_batch, struct err *err)
{
	struct number number;
	const char *params[] = { number_text(&number, id) };

	return store_one_batch(store, arena, STATEMENT_BATCH_SHOW, params, ret_batch, err);
}

bool
store_show_state(struct store *store, struct arena *arena, int64_t id, struct batch *ret_batch, struct err *err)
{
	/* as the statement has them: what is polled most need not look for names */
	enum { STATE, OWNER, PROXY_USER, KILL_REQUESTED_AT };
	struct number number;
	const char *params[] = { number_text(&number, id) };
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, STATEMENT_BATCH_SHOW_STATE, params, &result, err))
		return false;
	if (PQntuples(result) == 0)
		return err_set(err, ERR_NOT_FOUND, "%s", "");
	*ret_batch = (struct batch){
		.id = id,
		.owner = PQgetisnull(result, 0, OWNER) ? NULL : arena_strdup(arena, PQgetvalue(result, 0, OWNER)),
		.proxy_user = PQgetisnull(result, 0, PROXY_USER) ? NULL
								 : arena_strdup(arena, PQgetvalue(result, 0, PROXY_USER)),
		.kill_requested_at = PQgetisnull(result, 0, KILL_REQUESTED_AT)
					     ? NULL
					     : store_time(arena, PQgetvalue(result, 0, KILL_REQUESTED_AT)),
	};
	batch_state_parse(PQgetvalue(result, 0, STATE), &ret_batch->state);
	return true;
}

bool
store_show_by_name(struct store *store, struct arena *arena, const char *name, struct batch *ret_batch, struct err *err)
{
	const char *params[] = { name };

	return store_one_batch(store, arena, STATEMENT_BATCH_SHOW_BY_NAME, params, ret_batch, err);
}

bool
store_show_by_uid(struct store *store, struct arena *arena, const char *uid, struct batch *ret_batch, struct err *err)
{
	const char *params[] = { uid };

	return store_one_batch(store, arena, STATEMENT_BATCH_SHOW_BY_UID, params, ret_batch, err);
}

/* Runs a statement that answers any number of batches. */
static bool
some_batches(struct store *store, struct arena *arena, enum statement_id id, const char *const *params,
	     struct batch **ret_batches, size_t *ret_count, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, id, params, &result, err))
		return false;
	store_read_batches(arena, result, ret_batches, ret_count);
	return true;
}

bool
store_show_by_uids(struct store *store, struct arena *arena, const char *const *uids, size_t count,
		   struct batch **ret_batches, size_t *ret_count, struct err *err)
{
	const char *params[] = { array_of(arena, uids, count) };

	return some_batches(store, arena, STATEMENT_BATCH_SHOW_BY_UIDS, params, ret_batches, ret_count, err);
}

bool
store_list(struct store *store, struct arena *arena, int64_t offset, int64_t limit, struct batch **ret_batches,
	   size_t *ret_count, int64_t *ret_total, struct err *err)
{
	AUTO_PGRESULT PGresult *page = NULL, *total = NULL;
	struct number from, most;
	const char *params[] = { number_text(&from, offset), number_text(&most, limit) };

	if (!store_run(store, STATEMENT_BATCH_LIST, params, &page, err))
		return false;
	store_read_batches(arena, page, ret_batches, ret_count);
	if (*ret_count == 0 && !store_run(store, STATEMENT_BATCH_COUNT, NULL, &total, err))
		return false;
	*ret_total = strtoll(store_value(*ret_count == 0 ? total : page, 0, "total"), NULL, 10);
	return true;
}

bool
store_unfinished(struct store *store, struct arena *arena, const char *cluster, int64_t after_id, int limit,
		 const char *pushed_before, struct batch **ret_batches, size_t *ret_count, struct err *err)
{
	struct number after, most;
	const char *params[] = { cluster, number_text(&after, after_id), number_text(&most, limit), pushed_before };

	return some_batches(store, arena, STATEMENT_BATCH_UNFINISHED, params, ret_batches, ret_count, err);
}

bool
store_waiting(struct store *store, struct arena *arena, const char *cluster, int64_t after_id, int limit,
	      struct batch **ret_batches, size_t *ret_count, struct err *err)
{
	struct number after, most;
	const char *params[] = { cluster, number_text(&after, after_id), number_text(&most, limit) };

	return some_batches(store, arena, STATEMENT_BATCH_WAITING, params, ret_batches, ret_count, err);
}

bool
store_waiting_note(struct store *store, int64_t id, const char *why, struct err *err)
{
	struct number number;
	const char *params[] = { number_text(&number, id), why };

	return write_only(store, STATEMENT_BATCH_WAITING_NOTE, params, err);
}

bool
store_other_operator(struct store *store, struct arena *arena, const char *cluster, const char *watched, int64_t after_id,
		     int limit, struct batch **ret_batches, size_t *ret_count, struct err *err)
{
	struct number after, most;
	const char *params[] = { cluster, watched, number_text(&after, after_id), number_text(&most, limit) };

	return some_batches(store, arena, STATEMENT_BATCH_OTHER_OPERATOR, params, ret_batches, ret_count, err);
}

bool
store_driver_followed(struct store *store, struct arena *arena, const char *cluster, int limit,
		      struct batch **ret_batches, size_t *ret_count, struct err *err)
{
	struct number most;
	const char *params[] = { cluster, number_text(&most, limit) };

	return some_batches(store, arena, STATEMENT_BATCH_DRIVER_FOLLOWED, params, ret_batches, ret_count, err);
}

bool
store_now(struct store *store, struct arena *arena, const char **ret_now, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, STATEMENT_NOW, NULL, &result, err))
		return false;
	*ret_now = arena_strdup(arena, PQgetvalue(result, 0, 0));
	return true;
}
