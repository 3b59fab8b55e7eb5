/* SPDX-License-Identifier: Apache-2.0 */
#include "service/followed_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/limits.h"
#include "crd/crd.h"
#include "service/driver_pod.h"
#include "service/observe.h"
#include "store/batch_store.h"
#include "store/log_store.h"

/* A piece that is not full is written again with each new line: once a second is what people notice. */
#define WRITE_INTERVAL_MS 1000
#define PIECE_LINES 1000                /* as batch_log_page.sql counts on */
/* What one log may hold here before its stream has to wait for the database. */
#define HELD_BYTES ((size_t)256 * 1024)
/* After a stream that ended although the driver is not known to have: twice as long each time, without any new line. */
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 30000
#define DATABASE_RETRY_MS 500
/* The logs of ended drivers are read this many at a time; the others wait for their turn. */
#define CATCH_UPS_AT_ONCE 20
/* The API server may be starting again just when the driver ends. */
#define CATCH_UP_TRIES 5
#define CATCH_UP_RETRY_MS 500
/* Whole answers, after which the log is taken as it is. */
#define CATCH_UP_READS 5
/* A log that brings nothing for so long is not waited for. */
#define SILENCE_MS 10000
/* Its stream ended, so the driver has most likely ended. The operator says so as soon; after this time the pod is asked. */
#define OPERATOR_LAG_MS 1000
/* A killed driver's last words: its pod goes, so they can be had from the open stream only. */
#define LAST_WORDS_MS 1000

static void
close_stream(struct followed_logs *logs, struct followed_log *item)
{
	if (item->stream == NULL)
		return;
	kube_log_close(item->stream);
	item->stream = NULL;
	if (item->stream_follows)
		logs->following_count--;
	else
		logs->catching_up_count--;
}

static void
unload(struct followed_logs *logs, struct followed_log *item)
{
	close_stream(logs, item);
	if (item->loaded)
		log_reader_release(&item->reader);
	item->loaded = false;
}

void
followed_log_set_pod(struct followed_log *item, const struct batch *batch, const char *driver_pod)
{
	item->pod = arena_strdup(&item->arena, driver_pod);
	item->container = batch->driver_container == NULL ? CRD_DRIVER_CONTAINER
							  : arena_strdup(&item->arena, batch->driver_container);
}

struct followed_log *
followed_log_new(const struct batch *batch, const char *driver_pod)
{
	struct followed_log *item = calloc(1, sizeof(*item));

	if (item == NULL)
		abort();
	arena_init(&item->arena, LIMIT_ARENA_BYTES);
	item->batch_id = batch->id;
	item->run = batch->retries;
	item->namespace = arena_strdup(&item->arena, batch->namespace);
	followed_log_set_pod(item, batch, driver_pod);
	item->retry_ms = RETRY_MIN_MS;
	return item;
}

void
followed_log_free(struct followed_logs *logs, struct followed_log *item)
{
	unload(logs, item);
	arena_release(&item->arena);
	free(item);
}

static bool
on_bytes(void *context, const char *bytes, size_t size_bytes)
{
	struct followed_log *item = context;

	item->heard_ms = clock_monotonic_ms();
	if (item->reader.lines_size_bytes >= HELD_BYTES)
		return false;
	log_reader_add(&item->reader, bytes, size_bytes);
	return true;
}

static bool
load(struct followed_logs *logs, struct followed_log *item, int64_t now_ms)
{
	struct log_position position;
	struct err err = ERR_INIT;
	int run;

	if (!store_log_position(logs->app->store, item->batch_id, &position, &run, &err)) {
		item->write_at_ms = now_ms + DATABASE_RETRY_MS;
		return false;
	}
	/* the position is the next driver's */
	item->outdated = run != item->run;
	if (item->outdated)
		return false;
	log_reader_init(&item->reader, &position, logs->app->config.log_archive_max_bytes);
	item->loaded = true;
	return true;
}

static void
open_stream(struct followed_logs *logs, struct followed_log *item, bool follow, int64_t now_ms)
{
	const struct kube_log_order order = {
		.namespace = item->namespace,
		.pod = item->pod,
		.container = item->container,
		.follow = follow,
		.since_s = log_position_since_s(&item->reader.position),
	};
	struct err err = ERR_INIT;

	log_reader_begin(&item->reader);
	item->begun_lines_count = item->reader.position.lines_count;
	item->stream_follows = follow;
	item->heard_ms = now_ms;
	if (!kube_log_open(logs->streams, &order, on_bytes, item, &item->stream, &err)) {
		log_failure(&logs->app->log, LOG_LEVEL_WARNING, "log_not_opened", &err, LOG_INT("batch", item->batch_id));
		item->stream = NULL;
		item->retry_at_ms = now_ms + RETRY_MAX_MS;
		return;
	}
	if (follow) {
		logs->following_count++;
		metrics_add(&logs->app->metrics, METRIC_LOGS_FOLLOWED, 1);
	} else {
		logs->catching_up_count++;
	}
}

/* ---- writing ---- */

static bool
write_is_due(const struct followed_log *item, int64_t now_ms)
{
	size_t lines_count = json_object_array_length(item->reader.lines);

	if (now_ms < item->write_at_ms || lines_count == 0)
		return false;
	return item->complete || item->reader.position.closed || lines_count >= PIECE_LINES ||
	       item->reader.lines_size_bytes >= HELD_BYTES || now_ms - item->written_ms >= WRITE_INTERVAL_MS;
}

static void
write_lines(struct followed_logs *logs, struct followed_log *item, int64_t now_ms)
{
	struct err err = ERR_INIT;
	bool written;

	FAILPOINT("log.write");
	if (!store_log_append(logs->app->store, item->batch_id, log_reader_first_line(&item->reader), item->reader.lines,
			      &item->reader.position, &written, &err)) {
		log_failure(&logs->app->log, LOG_LEVEL_WARNING, "log_not_written", &err, LOG_INT("batch", item->batch_id));
		item->write_at_ms = now_ms + DATABASE_RETRY_MS;
		return;
	}
	if (!written) {
		/* the database knows better how far this log has been taken */
		unload(logs, item);
		item->complete = false;
		return;
	}
	item->retry_ms = RETRY_MIN_MS;
	metrics_add(&logs->app->metrics, METRIC_LOG_LINES, json_object_array_length(item->reader.lines));
	metrics_add(&logs->app->metrics, METRIC_LOG_BYTES, item->reader.lines_size_bytes);
	FAILPOINT("log.written");
	item->written_ms = now_ms;
	log_reader_stored(&item->reader);
	if (item->stream != NULL)
		kube_log_resume(item->stream);
}

/* ---- reading ---- */

static void
give_up(struct followed_log *item, const struct err *err)
{
	char note[sizeof(err->msg) + 64];

	item->complete = true;
	snprintf(note, sizeof(note), "(sparkgate: the rest of the driver's log could not be read: %s)", err->msg);
	log_reader_note(&item->reader, note);
}

/* Nothing is left to be had: pod and container tell no more than they did. */
static bool
is_nothing(const struct err *err)
{
	return err->code == ERR_NOT_FOUND || err->code == ERR_CONFLICT;
}

/* The log is being read, or there is none: the pod may go. */
static void
free_kill(struct followed_logs *logs, struct followed_log *item)
{
	logs->may_kill |= item->kill_at_ms != 0 && !item->kill_freed;
	item->kill_freed = true;
}

/*
 * A whole answer is no proof of a whole log: one that broke off between kubelet and API server looks the same. So a last
 * answer has to bring nothing but what there was, all of it, down to a last line without its end.
 */
static bool
is_confirmed(struct followed_log *item)
{
	const struct log_reader *reader = &item->reader;
	bool is_as_before = reader->position.lines_count == item->begun_lines_count && reader->skip_count == 0 &&
			    reader->line_size_bytes == item->rest_size_bytes;

	item->rest_size_bytes = reader->line_size_bytes;
	return is_as_before || ++item->whole_reads >= CATCH_UP_READS;
}

static void
end_stream(struct followed_logs *logs, struct followed_log *item, const struct err *err, int64_t now_ms)
{
	bool caught_up = !item->stream_follows;
	bool confirmed = caught_up && err->code == ERR_NONE && is_confirmed(item);

	if (confirmed)
		log_reader_end(&item->reader);
	close_stream(logs, item);
	if (is_nothing(err))
		free_kill(logs, item);
	item->retry_at_ms = now_ms + item->retry_ms;
	if (item->retry_ms < RETRY_MAX_MS)
		item->retry_ms *= 2;
	if (!item->ending) {
		item->look_at_ms = item->stream_follows && err->code == ERR_NONE ? now_ms + OPERATOR_LAG_MS : 0;
		return;
	}
	item->retry_at_ms = 0;
	if (!caught_up)
		return;
	if (confirmed || is_nothing(err)) {
		item->complete = true;
	} else if (err->code == ERR_NONE) {
		item->retry_at_ms = item->rest_size_bytes > 0 ? now_ms + CATCH_UP_RETRY_MS : 0;
	} else if (++item->tries >= CATCH_UP_TRIES) {
		log_failure(&logs->app->log, LOG_LEVEL_WARNING, "log_not_complete", err, LOG_INT("batch", item->batch_id));
		give_up(item, err);
	} else {
		item->retry_at_ms = now_ms + CATCH_UP_RETRY_MS;
	}
}

/* A stream that is of no more use, or of less use than another one. */
static void
judge_stream(struct followed_logs *logs, struct followed_log *item, int64_t now_ms)
{
	int64_t silent_ms = now_ms - (item->heard_ms > item->ended_ms ? item->heard_ms : item->ended_ms);
	struct err err = ERR_INIT;

	if (kube_log_has_ended(item->stream, &err)) {
		end_stream(logs, item, &err, now_ms);
	} else if (item->reader.position.closed) {
		close_stream(logs, item);
	} else if (item->reader.lines_size_bytes >= HELD_BYTES) {
		return; /* it waits for us */
	} else if (item->ending && item->stream_follows &&
		   (item->sight.phase != BATCH_SEEN_GONE || silent_ms >= LAST_WORDS_MS)) {
		/* The kubelet notices the end of a container late; asking anew does not wait for it. */
		close_stream(logs, item);
	} else if (silent_ms >= SILENCE_MS && (!item->stream_follows || !kube_log_is_answered(item->stream))) {
		err_set_(&err, ERR_TIMEOUT, "the Kubernetes API server did not answer in time");
		end_stream(logs, item, &err, now_ms);
	}
}

static void
say_waits(struct followed_log *item)
{
	item->waits_told = true;
	if (item->reader.position.lines_count == 0)
		log_reader_note(&item->reader, "(sparkgate: this log is not followed yet, because log_archive.followed_max "
					       "drivers are: it is read when there is room, or at its end)");
}

static void
read_on(struct followed_logs *logs, struct followed_log *item, int64_t now_ms)
{
	bool has_room = logs->following_count < (size_t)logs->app->config.log_archive_followed_max;

	if (item->complete || item->reader.position.closed || item->pod == NULL) {
		item->complete = item->ending;
		return;
	}
	if (now_ms < item->retry_at_ms)
		return;
	if (item->ending) {
		if (logs->catching_up_count < CATCH_UPS_AT_ONCE)
			open_stream(logs, item, false, now_ms);
	} else if (has_room || item->kill_at_ms != 0) {
		open_stream(logs, item, true, now_ms);
	} else if (!item->waits_told) {
		say_waits(item);
	}
}

/* True when the batch is done with. */
static bool
finish(struct followed_logs *logs, struct followed_log *item, int64_t now_ms)
{
	struct err err = ERR_INIT;
	struct batch batch;
	struct arena arena;
	bool done;

	FAILPOINT("log.complete");
	arena_init(&arena, LIMIT_ARENA_BYTES);
	done = store_show(logs->app->store, &arena, item->batch_id, &batch, &err) &&
	       (batch.retries != item->run || observe_sight(logs->app, &arena, &batch, &item->sight));
	arena_release(&arena);
	if (!done)
		item->write_at_ms = now_ms + DATABASE_RETRY_MS;
	return done || err.code == ERR_NOT_FOUND;
}

bool
followed_log_step(struct followed_logs *logs, struct followed_log *item, int64_t now_ms)
{
	if (!item->outdated && !item->loaded && (now_ms < item->write_at_ms || !load(logs, item, now_ms)))
		return item->outdated;
	if (item->outdated)
		return true;
	if (item->stream != NULL)
		judge_stream(logs, item, now_ms);
	if (item->stream == NULL)
		read_on(logs, item, now_ms);
	if (item->kill_at_ms != 0 && item->stream != NULL && kube_log_is_answered(item->stream))
		free_kill(logs, item);
	if (write_is_due(item, now_ms))
		write_lines(logs, item, now_ms);
	if (item->look_at_ms != 0 && now_ms >= item->look_at_ms) {
		item->look_at_ms = 0;
		if (!item->ending)
			driver_pod_look(logs->app, logs->cluster, item->batch_id);
	}
	return item->loaded && item->complete && item->ending && now_ms >= item->write_at_ms &&
	       json_object_array_length(item->reader.lines) == 0 && finish(logs, item, now_ms);
}
