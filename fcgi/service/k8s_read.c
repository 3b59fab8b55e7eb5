/* SPDX-License-Identifier: Apache-2.0 */
#include "service/k8s_read.h"

#include <string.h>

#include "crd/crd.h"

bool
k8s_read_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name, enum access access,
	     struct app_cluster **ret_cluster, struct err *err)
{
	struct batch batch;

	if (!k8s_submit_find(app, arena, origin, pod_name, access, &batch, err))
		return false;
	*ret_cluster = app_cluster_find(app, batch.cluster);
	return *ret_cluster != NULL || err_set(err, ERR_UNAVAILABLE, "the cluster of this pod is not in the gateway's "
					       "configuration any more");
}

bool
k8s_read_all(struct app *app, struct k8s_origin *origin, struct app_cluster **ret_cluster, struct err *err)
{
	for (size_t i = 0; i < app->config.clusters_count; i++) {
		origin->namespace = kube_namespace(app->clusters[i].kube);
		if ((origin->cluster == NULL || strcmp(origin->cluster, app->config.clusters[i].name) == 0) &&
		    k8s_submit_open(app, origin, ret_cluster, err))
			return true;
	}
	return err_set(err, ERR_FORBIDDEN, "no cluster here is open to spark-submit --master k8s://");
}

void
k8s_read_add(struct arena *arena, struct buf *query, const char *word, const char *value)
{
	buf_printf(query, "%s%s=%s", query->size_bytes == 0 ? "" : "&", word, kube_escape(arena, value));
}

bool
k8s_read_select(struct app *app, struct arena *arena, struct buf *query, const char *wanted, struct err *err)
{
	const char *gateway_key, *selector;

	if (!app_gateway_key(app, &gateway_key, err))
		return false;
	selector = crd_pods_selector(arena, gateway_key);
	if (wanted != NULL && wanted[0] != '\0')
		selector = arena_printf(arena, "%s,%s", selector, wanted);
	k8s_read_add(arena, query, "labelSelector", selector);
	return true;
}

void
k8s_read_carry(struct app_cluster *cluster, struct arena *arena, const char *path, const struct buf *query,
	       const char **ret_to, const char **ret_authorization)
{
	*ret_to = arena_printf(arena, "/k8s-api/%s%s%s%s", cluster->config->name, path, query->size_bytes == 0 ? "" : "?",
			       buf_str(query));
	*ret_authorization = kube_authorization(cluster->kube, arena);
}
