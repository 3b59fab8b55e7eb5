/* SPDX-License-Identifier: Apache-2.0 */
#include "service/object.h"

#include <string.h>

#include "base/json.h"
#include "crd/crd.h"

bool
object_delete(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct err *err)
{
	const char *path = crd_object_path(arena, batch), *uid;
	struct json_object *pod;

	if (!batch_is_pod(batch))
		return kube_delete(cluster->kube, path, NULL, err);
	if (!kube_get(cluster->kube, path, &pod, err))
		return false;
	arena_own_json(arena, pod);
	uid = crd_batch_uid(pod);
	if (uid == NULL || strcmp(uid, batch->uid) != 0)
		return err_set(err, ERR_NOT_FOUND, "the pod %s is not this batch's", batch->driver_pod);
	return kube_delete(cluster->kube, path, crd_uid_of(pod), err);
}
