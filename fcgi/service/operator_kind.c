/* SPDX-License-Identifier: Apache-2.0 */
#include "service/operator_kind.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "crd/crd.h"
#include "store/cluster_store.h"

/* Where a cluster serves both, the first: the rule must give every process the same answer. */
static const enum config_operator candidates[] = { CONFIG_OPERATOR_KUBEFLOW, CONFIG_OPERATOR_APACHE };

/* The groups of the API, with their versions: this list is there, and whole, or the server is not. */
static bool
group_has(struct json_object *groups, const char *api)
{
	for (size_t i = 0; i < json_count(groups); i++) {
		struct json_object *versions = json_member(json_object_array_get_idx(groups, i), "versions");

		for (size_t k = 0; k < json_count(versions); k++) {
			if (text_is(json_string(json_object_array_get_idx(versions, k), "groupVersion"), api))
				return true;
		}
	}
	return false;
}

/* A group may hold other things without this one. */
static bool
has_applications(struct kube *kube, struct arena *arena, const char *api, bool *ret_has, struct err *err)
{
	struct json_object *list = NULL, *resources;

	if (!kube_get(kube, arena_printf(arena, "/apis/%s", api), &list, err))
		return false;
	arena_own_json(arena, list);
	resources = json_member(list, "resources");
	*ret_has = false;
	for (size_t i = 0; i < json_count(resources); i++) {
		if (text_is(json_string(json_object_array_get_idx(resources, i), "name"), "sparkapplications"))
			*ret_has = true;
	}
	return true;
}

static bool
get_groups(struct kube *kube, struct arena *arena, struct json_object **ret_groups, struct err *err)
{
	struct json_object *list = NULL;

	if (!kube_get(kube, "/apis", &list, err))
		return false;
	arena_own_json(arena, list);
	*ret_groups = json_member(list, "groups");
	return *ret_groups != NULL || err_set(err, ERR_UNAVAILABLE, "the API server did not tell its groups");
}

static bool
is_served(struct kube *kube, struct arena *arena, struct json_object *groups, const char *kind, bool *ret_served,
	  struct err *err)
{
	const char *api = crd_api(crd_of_operator(kind));

	*ret_served = group_has(groups, api);
	return !*ret_served || has_applications(kube, arena, api, ret_served, err);
}

bool
operator_kind_is_served(struct kube *kube, struct arena *arena, const char *kind, bool *ret_served, struct err *err)
{
	struct json_object *groups;

	return get_groups(kube, arena, &groups, err) && is_served(kube, arena, groups, kind, ret_served, err);
}

bool
operator_kind_ask(struct kube *kube, struct arena *arena, const char **ret_kind, struct err *err)
{
	struct json_object *groups;
	bool served = false;

	*ret_kind = NULL;
	if (!get_groups(kube, arena, &groups, err))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(candidates) && !served; i++) {
		const char *kind = config_operator_text(candidates[i]);

		if (!is_served(kube, arena, groups, kind, &served, err))
			return false;
		if (served)
			*ret_kind = kind;
	}
	/* A server that has just started has not read its definitions yet: what it lacks counts when it is ready. */
	return kube_ready(kube, err);
}

bool
operator_kind_of(struct app *app, struct arena *arena, struct app_cluster *cluster, const char **ret_kind, struct err *err)
{
	*ret_kind = config_operator_text(cluster->config->operator_kind);
	if (cluster->config->operator_kind != CONFIG_OPERATOR_AUTO)
		return true;
	if (!store_operator_found(app->store, arena, cluster->config->name, ret_kind, err))
		return false;
	return *ret_kind != NULL ||
	       err_set(err, ERR_UNAVAILABLE, "no Spark operator has been found in the cluster %s yet", cluster->config->name);
}
