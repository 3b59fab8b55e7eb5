/* SPDX-License-Identifier: Apache-2.0 */
#include "service/k8s_app_driver.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/text.h"
#include "batch/lifecycle.h"
#include "crd/crd.h"
#include "store/batch_store.h"

static bool
has_address(struct json_object *pod, const char *address)
{
	struct json_object *addresses = json_at(pod, "status", "podIPs", NULL);

	/* all that runs on the node has the node's address */
	if (address == NULL || json_object_get_boolean(json_at(pod, "spec", "hostNetwork", NULL)))
		return false;
	for (size_t i = 0; i < json_count(addresses); i++) {
		if (text_is(json_string(json_object_array_get_idx(addresses, i), "ip"), address))
			return true;
	}
	return text_is(json_string_at(pod, "status", "podIP", NULL), address);
}

/* One pod may run one application after the other, as a notebook does. */
static bool
is_free(struct app *app, struct arena *arena, struct json_object *pod, const struct batch *batch)
{
	const char *uid = crd_batch_uid(pod);
	struct err err = ERR_INIT;
	struct batch other;

	if (uid == NULL || strcmp(uid, batch->uid) == 0)
		return true;
	return store_show_by_uid(app->store, arena, uid, &other, &err) && batch_is_client(&other) &&
	       batch_state_is_final(other.state);
}

static bool
is_own(struct json_object *pod, const char *address)
{
	return has_address(pod, address) ||
	       text_is(json_string_at(pod, "metadata", "labels", CRD_LABEL_DRIVER, NULL), CRD_DRIVER_CLIENT);
}

static bool
mark(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct err *err)
{
	struct json_object *changes = arena_own_json(arena, json_object_new_object());
	struct json_object *metadata = json_object_new_object(), *labels = json_object_new_object();
	AUTO_JSON struct json_object *marked = NULL;
	const char *gateway_key;

	json_object_object_add(changes, "metadata", metadata);
	json_object_object_add(metadata, "labels", labels);
	json_add_string(metadata, "uid", batch->object_uid);
	if (!app_gateway_key(app, &gateway_key, err))
		return false;
	crd_add_labels(labels, batch, gateway_key);
	/* it is not ours */
	json_object_object_del(labels, "app.kubernetes.io/managed-by");
	if (!kube_merge(cluster->kube, crd_object_path(arena, batch), changes, &marked, err))
		return false;
	FAILPOINT("k8s.app.marked");
	return store_k8s_app_marked(app->store, batch->id, err);
}

void
k8s_app_driver_mark(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch)
{
	struct err err = ERR_INIT;

	if (!mark(app, arena, cluster, batch, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "driver_not_marked", &err, LOG_INT("batch", batch->id),
			    LOG_TEXT("pod", batch->driver_pod));
}

bool
k8s_app_driver_learn(struct app *app, struct arena *arena, struct app_cluster *cluster, struct store_k8s_app *known,
		     const char *pod_name, const char *pod_uid, const char *address, struct err *err)
{
	struct batch *batch = &known->batch;
	struct json_object *pod;
	bool is_there, is_new;

	if (text_is(batch->driver_pod, pod_name) && text_is(batch->object_uid, pod_uid)) {
		if (batch_is_client(batch) && !known->driver_marked)
			k8s_app_driver_mark(app, arena, cluster, batch);
		return true;
	}
	is_there = kube_get(cluster->kube, arena_printf(arena, "/api/v1/namespaces/%s/pods/%s", batch->namespace, pod_name),
			    &pod, err);
	if (!is_there && err->code != ERR_NOT_FOUND)
		return false;
	if (!is_there || !text_is(crd_uid_of(arena_own_json(arena, pod)), pod_uid))
		return err_set(err, ERR_INVALID, "metadata.ownerReferences: there is no pod %s of this uid in this namespace",
			       pod_name);
	if (!batch_is_client(batch) || batch->driver_pod != NULL || !is_own(pod, address) || !is_free(app, arena, pod, batch))
		return true;
	if (!store_k8s_app_driver(app->store, batch->id, pod_name, pod_uid, crd_driver_container(pod), &is_new, err))
		return false;
	FAILPOINT("k8s.app.driver");
	if (!is_new)
		return true;
	batch->driver_pod = pod_name;
	batch->object_uid = pod_uid;
	log_event(&app->log, LOG_LEVEL_INFO, "driver_learned", LOG_INT("batch", batch->id), LOG_TEXT("pod", pod_name));
	k8s_app_driver_mark(app, arena, cluster, batch);
	return true;
}

static void
show(struct json_object *from, struct json_object *to, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object *value = json_member(from, keys[i]);

		if (value != NULL)
			json_object_object_add(to, keys[i], json_object_get(value));
	}
}

struct json_object *
k8s_app_driver_view(struct arena *arena, struct json_object *pod)
{
	/* what Spark copies into ownerReferences, and what its client calls Ready (contract 7.1) */
	static const char *const top[] = { "apiVersion", "kind" };
	static const char *const of_metadata[] = { "name", "namespace", "uid", "resourceVersion", "creationTimestamp" };
	static const char *const of_status[] = { "phase", "conditions" };
	struct json_object *view = arena_own_json(arena, json_object_new_object());
	struct json_object *metadata = json_object_new_object(), *status = json_object_new_object();

	show(pod, view, top, ARRAY_COUNT(top));
	show(json_member(pod, "metadata"), metadata, of_metadata, ARRAY_COUNT(of_metadata));
	show(json_member(pod, "status"), status, of_status, ARRAY_COUNT(of_status));
	json_object_object_add(view, "metadata", metadata);
	json_object_object_add(view, "status", status);
	return view;
}
