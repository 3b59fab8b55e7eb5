/* SPDX-License-Identifier: Apache-2.0 */
#include "service/health.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"

#define READ_INTERVAL_MS 1000
/* Longer than a watcher needs to notice the same; and should it see no fault, not for ever. */
#define UNREACHABLE_MS 10000
/* Between two tries of one process: it must not be busy with them, for a silent server costs a whole timeout each. */
#define PUT_OFF_MS 1000
#define PUT_OFF_TIMES 4

bool
health_is_up(const struct config *config, const struct store_cluster *seen)
{
	return seen != NULL && seen->last_error == NULL && seen->silent_s >= 0 && seen->silent_s <= config->watcher_down_after_s;
}

const char *
health_reason(struct arena *arena, const struct config *config, const struct store_cluster *seen)
{
	if (health_is_up(config, seen))
		return NULL;
	if (seen != NULL && seen->last_error != NULL)
		return seen->last_error;
	if (seen == NULL || seen->silent_s < 0)
		return "no watcher has listed it yet";
	return arena_printf(arena, "its watcher has had no word of it for %" PRId64 " seconds", seen->silent_s);
}

bool
health_missing(struct store *store, struct arena *arena, const struct config *config, struct store_cluster_load **ret_missing,
	       size_t *ret_count, struct err *err)
{
	struct store_cluster_load *loads;
	size_t count;

	if (!store_cluster_loads(store, arena, &loads, &count, err))
		return false;
	*ret_missing = loads;
	*ret_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (config_cluster_find(config, loads[i].name) == NULL)
			loads[(*ret_count)++] = loads[i];
	}
	return true;
}

const struct store_cluster *
health_known(const struct store_cluster *seen, size_t count, const char *cluster)
{
	for (size_t i = 0; i < count; i++) {
		if (text_is(seen[i].name, cluster))
			return &seen[i];
	}
	return NULL;
}

bool
health_refresh(struct app *app, struct arena *arena, struct err *err)
{
	int64_t now_ms = clock_monotonic_ms();
	struct store_cluster *seen;
	size_t count;

	if (app->health_read_ms == 0 || now_ms - app->health_read_ms >= READ_INTERVAL_MS) {
		if (!store_clusters(app->store, arena, &seen, &count, err))
			return false;
		for (size_t i = 0; i < app->config.clusters_count; i++) {
			const char *name = app->config.clusters[i].name;

			app->clusters[i].is_up = health_is_up(&app->config, health_known(seen, count, name));
			/* the watcher has seen it by now, and will see the end of it sooner */
			if (!app->clusters[i].is_up)
				app->clusters[i].unreachable_until_ms = 0;
		}
		app->health_read_ms = now_ms;
	}
	return true;
}

void
health_note_unreachable(struct app_cluster *cluster, int64_t took_ms, const struct err *why)
{
	int64_t now_ms = clock_monotonic_ms(), put_off_ms = PUT_OFF_TIMES * took_ms;

	if (put_off_ms < PUT_OFF_MS)
		put_off_ms = PUT_OFF_MS;
	cluster->unreachable_at_ms = now_ms;
	cluster->unreachable_until_ms = now_ms + UNREACHABLE_MS;
	cluster->put_off_until_ms = now_ms + (put_off_ms < UNREACHABLE_MS ? put_off_ms : UNREACHABLE_MS);
	cluster->unreachable = *why;
}

void
health_note_reached(struct app_cluster *cluster)
{
	cluster->put_off_until_ms = 0;
}

const char *
health_put_off(const struct app_cluster *cluster, int64_t *ret_age_ms)
{
	int64_t now_ms = clock_monotonic_ms();

	*ret_age_ms = now_ms - cluster->unreachable_at_ms;
	return now_ms < cluster->put_off_until_ms ? cluster->unreachable.msg : NULL;
}
