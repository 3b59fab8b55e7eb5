/* SPDX-License-Identifier: Apache-2.0 */
#include "service/k8s_read.h"

#include <string.h>

#include "base/json.h"
#include "batch/lifecycle.h"
#include "crd/crd.h"

/* A pod may go while its client is between two watches: it learns that from the next one. */
#define WATCH_MOST_S 300
/* That moment is near. */
#define WATCH_KILLED_S 2

bool
k8s_read_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name, enum access access,
	     struct app_cluster **ret_cluster, struct err *err)
{
	struct batch batch;

	if (!k8s_submit_find(app, arena, origin, pod_name, access, &batch, err))
		return false;
	/* the pod goes on to be somebody's, or its name does */
	if (batch_is_client(&batch) && batch_state_is_final(batch.state))
		return err_set(err, ERR_NOT_FOUND, "pods \"%s\" not found", pod_name);
	*ret_cluster = app_cluster_find(app, batch.cluster);
	return *ret_cluster != NULL || err_set(err, ERR_UNAVAILABLE, "the cluster of this pod is not in the gateway's "
					       "configuration any more");
}

/* It is not there any more, or never was; of what ended by itself the pod stays for a while, and tells more. */
static bool
has_no_pod(const struct batch *batch)
{
	return batch_state_is_final(batch->state) &&
	       (batch->state == BATCH_KILLED || batch->state == BATCH_ERROR || batch->pushed_at == NULL);
}

/* With as much of a pod as spark-submit looks at; status is what 3.5 cannot do without (contract 1, rule 12). */
static struct json_object *
deleted_event(struct arena *arena, const struct batch *batch)
{
	struct json_object *event = json_object_new_object(), *pod = json_object_new_object();
	struct json_object *metadata = json_object_new_object(), *labels = json_object_new_object();
	struct json_object *status = json_object_new_object();

	arena_own_json(arena, event);
	json_add_string(event, "type", "DELETED");
	json_object_object_add(event, "object", pod);
	json_add_string(pod, "kind", "Pod");
	json_add_string(pod, "apiVersion", "v1");
	json_object_object_add(pod, "metadata", metadata);
	json_add_string(metadata, "name", batch->driver_pod);
	json_add_string(metadata, "namespace", batch->namespace);
	if (batch->object_uid != NULL)
		json_add_string(metadata, "uid", batch->object_uid);
	json_object_object_add(metadata, "labels", labels);
	json_add_string(labels, "spark-app-selector", batch->app_id);
	json_add_string(labels, "spark-role", "driver");
	json_object_object_add(pod, "status", status);
	json_add_string(status, "phase", "Failed");
	return event;
}

bool
k8s_read_watched(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name, enum access access,
		 bool goes_on, struct k8s_watch *ret_watch, struct err *err)
{
	struct batch batch;
	bool is_gone, may_be_gone;

	if (!k8s_submit_find(app, arena, origin, pod_name, access, &batch, err))
		return false;
	is_gone = has_no_pod(&batch);
	may_be_gone = !batch_state_is_final(batch.state) && (batch.pushed_at == NULL || batch.kill_requested_at != NULL);
	*ret_watch = (struct k8s_watch){
		.is_answered = !goes_on && (is_gone || may_be_gone),
		.event = is_gone ? deleted_event(arena, &batch) : NULL,
		.begins_anew = goes_on && is_gone,
		.limit_s = batch.kill_requested_at != NULL ? WATCH_KILLED_S : WATCH_MOST_S,
	};
	return true;
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
