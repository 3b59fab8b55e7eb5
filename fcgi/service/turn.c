/* SPDX-License-Identifier: Apache-2.0 */
#include "service/turn.h"

#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/turn_store.h"

/* Their pushes follow at once, and the watch waits for them. */
#define GIVEN_AT_ONCE 50

static struct json_object *
by_name(const struct config_limit *limits, size_t count)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < count; i++)
		json_add_int(object, limits[i].name, limits[i].most);
	return object;
}

static struct json_object *
limits_json(const struct config_limits *limits)
{
	struct json_object *object = json_object_new_object();

	if (limits->cluster != CONFIG_NO_LIMIT)
		json_add_int(object, "cluster", limits->cluster);
	json_object_object_add(object, "queues", by_name(limits->queues, limits->queues_count));
	json_object_object_add(object, "users", by_name(limits->users, limits->users_count));
	return object;
}

/* Nobody ever waits where any number may run. */
static bool
has_limits(const struct config_limits *limits)
{
	return limits->cluster != CONFIG_NO_LIMIT || limits->queues_count > 0 || limits->users_count > 0;
}

const char *
turn_limits(struct arena *arena, const struct config_cluster *cluster)
{
	struct json_object *object;

	if (!has_limits(&cluster->running))
		return NULL;
	object = arena_own_json(arena, json_object_new_object());
	json_object_object_add(object, "running", limits_json(&cluster->running));
	json_object_object_add(object, "waiting", limits_json(&cluster->waiting));
	return json_text(object);
}

void
turn_give(struct app *app, struct app_cluster *cluster)
{
	struct err err = ERR_INIT;
	struct arena arena;
	size_t count = 0;
	int64_t *ids;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	FAILPOINT("turn.give");
	if (!store_turn_give(app->store, &arena, cluster->config->name, turn_limits(&arena, cluster->config), GIVEN_AT_ONCE,
			     &ids, &count, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "turns_not_given", &err);
	if (count > 0)
		FAILPOINT("turn.given");
	for (size_t i = 0; i < count; i++)
		log_event(&app->log, LOG_LEVEL_INFO, "batch_admitted", LOG_INT("batch", ids[i]));
	arena_release(&arena);
}

bool
turn_explain(struct app *app, struct arena *arena, struct batch *batch, struct err *err)
{
	const struct app_cluster *cluster = app_cluster_find(app, batch->cluster);
	const char *message;

	if (!batch_waits_for_turn(batch))
		return true;
	if (!store_turn_explain(app->store, arena, batch->id, cluster == NULL ? NULL : turn_limits(arena, cluster->config),
				&message, err))
		return false;
	if (message != NULL)
		batch->message = message;
	return true;
}

static void
add_names(struct json_object *names, const struct config_limits *limits)
{
	for (size_t i = 0; i < limits->queues_count; i++)
		json_object_array_add(names, json_object_new_string(limits->queues[i].name));
}

const char *
turn_queues(struct arena *arena, const struct config *config)
{
	struct json_object *object = arena_own_json(arena, json_object_new_object());

	for (size_t i = 0; i < config->clusters_count; i++) {
		struct json_object *names = json_object_new_array();

		add_names(names, &config->clusters[i].running);
		add_names(names, &config->clusters[i].waiting);
		json_object_object_add(object, config->clusters[i].name, names);
	}
	return json_text(object);
}
