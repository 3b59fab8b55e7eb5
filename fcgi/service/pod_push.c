/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pod_push.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "crd/crd.h"
#include "launch/launch.h"
#include "spark/pod_json.h"

/* The name is taken: by an earlier push of this very batch, or by something else? */
static bool
adopt(struct launch *launch, const struct batch *batch, struct err *err)
{
	const char *uid;

	if (!launch_find_pod(launch, batch->driver_pod, err))
		return false;
	uid = crd_batch_uid(launch->pod);
	if (uid == NULL || strcmp(uid, batch->uid) != 0) {
		launch->pod = NULL;
		return err_set(err, ERR_EXISTS, "pods \"%s\" already exists", batch->driver_pod);
	}
	return true;
}

static bool
create_parts(struct launch *launch, struct json_object *parts, struct err *err)
{
	struct json_object *created;

	for (size_t i = 0; i < json_count(parts); i++) {
		if (!launch_create_one(launch, json_object_array_get_idx(parts, i), &created, err))
			return false;
	}
	FAILPOINT("launch.objects");
	return true;
}

bool
pod_push(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct json_object *objects,
	 const char *gateway_key, struct err *err)
{
	struct launch launch = { .kube = cluster->kube, .arena = arena, .namespace = batch->namespace };
	struct json_object *pod = spark_child_object(objects, "pod");
	struct err ignored = ERR_INIT;

	crd_add_labels(spark_child_object(spark_child_object(pod, "metadata"), "labels"), batch, gateway_key);
	if (!launch_create_pod(&launch, pod, err) && (err->code != ERR_EXISTS || !adopt(&launch, batch, err)))
		return false;
	if (!launch_is_gated(launch.pod))
		return true;
	if (create_parts(&launch, json_member(objects, "parts"), err) && launch_open(&launch, err))
		return true;
	/* What is refused will be refused again: the pod has never run, and goes. */
	if (launch_is_refusal(err) && err->code != ERR_QUOTA)
		(void)!launch_remove(&launch, "Pod", launch.pod, &ignored);
	return false;
}
