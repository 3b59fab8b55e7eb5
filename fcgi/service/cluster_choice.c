/* SPDX-License-Identifier: Apache-2.0 */
#include "service/cluster_choice.h"

#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "batch/placement.h"
#include "service/health.h"

static bool
choose_named(struct app *app, struct arena *arena, const char *name, const char *where, struct app_cluster **ret_cluster,
	     struct err *err)
{
	const struct config *config = &app->config;
	const char *names = config->clusters[0].name;

	*ret_cluster = app_cluster_find(app, name);
	for (size_t i = 1; *ret_cluster == NULL && i < config->clusters_count; i++)
		names = arena_printf(arena, "%s, %s", names, config->clusters[i].name);
	if (*ret_cluster == NULL)
		return err_set(err, ERR_INVALID, "%s: there is no cluster '%s'; there are: %s", where, name, names);
	return !(*ret_cluster)->config->drain || placement_refuse_draining(name, err);
}

static uint64_t
draw_random(void)
{
	uint64_t random = 0;
	ssize_t got = getrandom(&random, sizeof(random), 0);

	(void)got; /* up to 256 bytes are never short once the kernel has booted */
	return random;
}

static struct placement_cluster
placement_of(const struct app_cluster *cluster)
{
	const struct config_cluster *config = cluster->config;

	return (struct placement_cluster){
		.name = config->name,
		.weight = config->weight,
		.queues = config->queues,
		.queues_count = config->queues_count,
		.drains = config->drain,
		.is_up = cluster->is_up && clock_monotonic_ms() >= cluster->unreachable_until_ms,
	};
}

static bool
choose_by_rule(struct app *app, struct arena *arena, const struct cluster_wish *wish, struct app_cluster **ret_cluster,
	       struct err *err)
{
	size_t count = app->config.clusters_count, candidates_count = 0, chosen;
	struct placement_cluster *candidates = arena_alloc(arena, count * sizeof(*candidates));
	struct app_cluster **of_candidate = arena_alloc(arena, count * sizeof(struct app_cluster *));

	/* with a single one there is nothing to choose, and its health is nobody's question */
	if (count > 1 && !health_refresh(app, arena, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (wish->may_take != NULL && !wish->may_take(&app->clusters[i], wish->context))
			continue;
		of_candidate[candidates_count] = &app->clusters[i];
		candidates[candidates_count++] = placement_of(&app->clusters[i]);
	}
	if (candidates_count == 0)
		return err_set(err, ERR_FORBIDDEN, "no cluster takes such submissions");
	if (!placement_choose(candidates, candidates_count, wish->queue, draw_random(), &chosen, err))
		return false;
	*ret_cluster = of_candidate[chosen];
	return true;
}

bool
cluster_choose(struct app *app, struct arena *arena, const struct cluster_wish *wish, struct app_cluster **ret_cluster,
	       struct err *err)
{
	const char *by_conf = wish->own != NULL ? wish->own : wish->other;
	const char *key = wish->own != NULL ? "conf spark.sparkgate.cluster" : "conf spark.ilum.cluster";

	if (wish->by_path != NULL && by_conf != NULL && strcmp(wish->by_path, by_conf) != 0)
		return err_set(err, ERR_INVALID, "%s: '%s', but the address names the cluster '%s': leave one of them out",
			       key, by_conf, wish->by_path);
	if (wish->by_path != NULL)
		return choose_named(app, arena, wish->by_path, "/clusters/NAME in the address", ret_cluster, err);
	if (by_conf != NULL)
		return choose_named(app, arena, by_conf, key, ret_cluster, err);
	return choose_by_rule(app, arena, wish, ret_cluster, err);
}
