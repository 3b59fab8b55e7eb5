/* SPDX-License-Identifier: Apache-2.0 */
#include "service/object.h"

#include <string.h>

#include "base/json.h"
#include "crd/crd.h"

bool
object_delete_executors(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
			struct err *err)
{
	static const char *const plurals[] = { "pods", "persistentvolumeclaims", "configmaps" };
	const char *gateway_key, *selector;

	if (!app_gateway_key(app, &gateway_key, err))
		return false;
	selector = kube_escape(arena, crd_executors_selector(arena, batch, gateway_key));
	for (size_t i = 0; i < ARRAY_COUNT(plurals); i++) {
		const char *path = arena_printf(arena, "/api/v1/namespaces/%s/%s?labelSelector=%s", batch->namespace, plurals[i],
						selector);

		if (!kube_delete(cluster->kube, path, NULL, err))
			return false;
	}
	return true;
}

/* The objects of runs that have failed before the current one; some may be gone. */
static bool
delete_earlier(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct err *err)
{
	for (int run = 0; run < batch->retries; run++) {
		const char *name = batch_object_of_run(arena, batch->first_object_name, run);

		if (!kube_delete(cluster->kube, crd_path(arena, crd_of(batch), batch->namespace, name), NULL, err) &&
		    err->code != ERR_NOT_FOUND)
			return false;
	}
	return true;
}

bool
object_delete(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct err *err)
{
	const char *path = crd_object_path(arena, batch), *uid;
	struct json_object *pod;

	if (batch_is_client(batch) && !object_delete_executors(app, arena, cluster, batch, err))
		return false;
	if (batch_is_pod(batch) && batch->driver_pod == NULL)
		return err_set(err, ERR_NOT_FOUND, "the driver's pod is not known");
	if (!batch_is_pod(batch))
		return delete_earlier(arena, cluster, batch, err) && kube_delete(cluster->kube, path, NULL, err);
	if (!kube_get(cluster->kube, path, &pod, err))
		return false;
	arena_own_json(arena, pod);
	uid = crd_batch_uid(pod);
	if (batch_is_client(batch) ? crd_is_another(pod, batch) : uid == NULL || strcmp(uid, batch->uid) != 0)
		return err_set(err, ERR_NOT_FOUND, "the pod %s is not this batch's", batch->driver_pod);
	return kube_delete(cluster->kube, path, crd_uid_of(pod), err);
}
