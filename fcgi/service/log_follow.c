/* SPDX-License-Identifier: Apache-2.0 */
#include "service/log_follow.h"

#include <stdlib.h>

#include "base/clock.h"
#include "service/followed_log.h"

/* How long other work of this thread waits for logs, at most and roughly. */
#define TURN_MS 50
/* Nothing came in the meantime: no need to look at every log. */
#define SWEEP_INTERVAL_MS 100
/* A log that brings nothing for so long is not waited for by a kill. */
#define KILL_WAIT_MS 3000

struct log_follow {
	struct followed_logs shared;
	struct followed_log **items;    /* items[count] */
	size_t count, capacity, next;
	int64_t swept_ms;
};

bool
log_follow_new(struct app *app, struct app_cluster *cluster, struct log_follow **ret_logs, struct err *err)
{
	struct log_follow *logs = calloc(1, sizeof(*logs));

	if (logs == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for logs");
	logs->shared.app = app;
	logs->shared.cluster = cluster;
	if (!kube_logs_new(cluster->kube, &logs->shared.streams, err)) {
		free(logs);
		return false;
	}
	*ret_logs = logs;
	return true;
}

int
log_follow_fd(const struct log_follow *logs)
{
	return kube_logs_fd(logs->shared.streams);
}

static void
drop(struct log_follow *logs, size_t at)
{
	followed_log_free(&logs->shared, logs->items[at]);
	logs->items[at] = logs->items[--logs->count];
}

void
log_follow_drop_all(struct log_follow *logs)
{
	while (logs->count > 0)
		drop(logs, logs->count - 1);
}

void
log_follow_free(struct log_follow *logs)
{
	if (logs == NULL)
		return;
	log_follow_drop_all(logs);
	kube_logs_free(logs->shared.streams);
	free(logs->items);
	free(logs);
}

/* What is left of an earlier run is done with: the next one began when its log was complete. */
static struct followed_log *
find(const struct log_follow *logs, const struct batch *batch)
{
	for (size_t i = 0; i < logs->count; i++) {
		struct followed_log *item = logs->items[i];

		if (item->batch_id == batch->id && item->run == batch->retries)
			return item;
		item->outdated |= item->batch_id == batch->id && item->run < batch->retries;
	}
	return NULL;
}

static struct followed_log *
add(struct log_follow *logs, const struct batch *batch, const char *driver_pod)
{
	struct followed_log *item = find(logs, batch);

	if (item != NULL) {
		if (item->pod == NULL)
			followed_log_set_pod(item, batch, driver_pod);
		return item;
	}
	if (logs->count == logs->capacity) {
		logs->capacity = logs->capacity == 0 ? 64 : 2 * logs->capacity;
		logs->items = realloc(logs->items, logs->capacity * sizeof(struct followed_log *));
		if (logs->items == NULL)
			abort();
	}
	item = followed_log_new(batch, driver_pod);
	logs->items[logs->count++] = item;
	return item;
}

/* States wait for the logs of ended drivers: these come first, however many other logs there are. */
static void
step_ended(struct log_follow *logs, int64_t begun_ms)
{
	int64_t now_ms = begun_ms;

	for (size_t at = 0; at < logs->count && now_ms - begun_ms < TURN_MS;) {
		if (!logs->items[at]->ending) {
			at++;
			continue;
		}
		if (followed_log_step(&logs->shared, logs->items[at], now_ms))
			drop(logs, at);
		else
			at++;
		now_ms = clock_monotonic_ms();
	}
}

bool
log_follow_turn(struct log_follow *logs)
{
	int64_t now_ms = clock_monotonic_ms(), begun_ms = now_ms;
	bool heard = kube_logs_work(logs->shared.streams), may_kill;

	if (!heard && now_ms - logs->swept_ms < SWEEP_INTERVAL_MS)
		return false;
	step_ended(logs, begun_ms);
	begun_ms = now_ms = clock_monotonic_ms();
	/* Round and round, so that each has its share when the time is up before all had their step. */
	for (size_t i = logs->count; i > 0 && logs->count > 0; i--) {
		if (logs->next >= logs->count)
			logs->next = 0;
		if (followed_log_step(&logs->shared, logs->items[logs->next], now_ms))
			drop(logs, logs->next);
		else
			logs->next++;
		now_ms = clock_monotonic_ms();
		if (now_ms - begun_ms >= TURN_MS)
			break;
	}
	logs->swept_ms = now_ms;
	may_kill = logs->shared.may_kill;
	logs->shared.may_kill = false;
	return may_kill;
}

/* ---- what others say ---- */

void
log_follow_begin(struct log_follow *logs, const struct batch *batch, const char *driver_pod)
{
	struct followed_log *item = driver_pod == NULL ? NULL : add(logs, batch, driver_pod);

	/* another run than the one whose log was asked for in vain */
	if (item != NULL && batch->state != BATCH_RUNNING)
		item->retry_at_ms = 0;
}

bool
log_follow_is_complete(struct log_follow *logs, const struct batch *batch, const struct batch_sight *sight)
{
	const char *pod = sight->driver_pod != NULL ? sight->driver_pod : batch->driver_pod;
	struct followed_log *item = add(logs, batch, pod);

	if (item->ending)
		return item->loaded && item->complete && json_object_array_length(item->reader.lines) == 0;
	item->ending = true;
	item->ended_ms = clock_monotonic_ms();
	item->retry_at_ms = 0;
	/* The first evidence of the end counts; the object it came from will be gone. */
	item->sight = *sight;
	item->sight.message = arena_strdup(&item->arena, sight->message);
	item->sight.app_id = arena_strdup(&item->arena, sight->app_id);
	item->sight.driver_pod = arena_strdup(&item->arena, sight->driver_pod);
	item->sight.object_uid = arena_strdup(&item->arena, sight->object_uid);
	logs->swept_ms = 0;
	return false;
}

bool
log_follow_may_kill(struct log_follow *logs, const struct batch *batch)
{
	int64_t now_ms = clock_monotonic_ms();
	struct followed_log *item;

	if (batch->driver_pod == NULL)
		return true;
	item = add(logs, batch, batch->driver_pod);
	if (item->kill_at_ms == 0) {
		item->kill_at_ms = now_ms + KILL_WAIT_MS;
		item->retry_at_ms = 0;
		item->kill_freed = false;
	}
	/* An open stream reads on while the driver is being ended. */
	return now_ms >= item->kill_at_ms || item->kill_freed || (item->loaded && item->reader.position.closed) ||
	       (item->stream != NULL && kube_log_is_answered(item->stream) && !item->ending);
}
