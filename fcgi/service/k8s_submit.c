/* SPDX-License-Identifier: Apache-2.0 */
#include "service/k8s_submit.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "batch/access.h"
#include "batch/lifecycle.h"
#include "batch/placement.h"
#include "service/cancel.h"
#include "service/k8s_complete.h"
#include "service/object.h"
#include "service/submit.h"
#include "spark/driver_request.h"
#include "spark/pod_json.h"
#include "store/k8s_store.h"

/* spark-submit takes a second from the first piece to the last; a connection that hangs, 10 s a piece. */
#define LIVES_S 300
/* A driver has some five; each claim and each secret is one more. */
#define PARTS_MOST 32
/* All of them are read at once when the last one comes; Kubernetes takes 1.5 MiB of each. */
#define PARTS_MOST_BYTES (8 * 1024 * 1024)

/* ---- which clusters ---- */

static bool
is_open(const struct app_cluster *cluster, const char *namespace)
{
	return cluster->config->k8s_submissions && strcmp(kube_namespace(cluster->kube), namespace) == 0;
}

bool
k8s_submit_open(struct app *app, const struct k8s_origin *origin, struct app_cluster **ret_cluster, struct err *err)
{
	struct app_cluster *named = origin->cluster == NULL ? NULL : app_cluster_find(app, origin->cluster);

	if (origin->cluster != NULL && named == NULL)
		return err_set(err, ERR_NOT_FOUND, "/clusters/NAME in the address: there is no such cluster");
	for (size_t i = 0; i < app->config.clusters_count; i++) {
		struct app_cluster *cluster = named != NULL ? named : &app->clusters[i];

		if (is_open(cluster, origin->namespace)) {
			*ret_cluster = cluster;
			return true;
		}
	}
	return err_set(err, ERR_FORBIDDEN, "this namespace is not open to spark-submit --master k8s:// here: set "
		       "spark.kubernetes.namespace to the one that the gateway's cluster has");
}

/* Before its conf, which comes last, has said anything. */
static bool
may_go_to(const struct k8s_origin *origin, const struct app_cluster *cluster)
{
	return is_open(cluster, origin->namespace) &&
	       (origin->cluster == NULL || strcmp(origin->cluster, cluster->config->name) == 0);
}

/* Would any of the clusters that it may still go to take this pod? */
static bool
read_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, struct json_object *pod,
	 struct spark_driver_request *ret_request, struct err *err)
{
	for (size_t i = 0; i < app->config.clusters_count; i++) {
		const struct app_cluster *cluster = &app->clusters[i];
		struct spark_pod_rules rules;

		if (may_go_to(origin, cluster) && k8s_rules_of(arena, cluster->config, origin->user, &rules, err) &&
		    spark_driver_request_read(pod, &rules, ret_request, err))
			return true;
	}
	return false;
}

/* Is there one that takes new ones? Which of them gets it is drawn when the submission is complete. */
static bool
any_takes_new(struct app *app, const struct k8s_origin *origin, const struct app_cluster *open, struct err *err)
{
	for (size_t i = 0; i < app->config.clusters_count; i++) {
		if (may_go_to(origin, &app->clusters[i]) && !app->clusters[i].config->drain)
			return true;
	}
	return placement_refuse_draining(open->config->name, err);
}

/* ---- what the client is shown ---- */

/* As the API server would have stored it: what the client reads of it is its name and uid (contract 3). */
static struct json_object *
stored(struct arena *arena, const struct k8s_origin *origin, struct json_object *object, const char *uid)
{
	struct json_object *copy = NULL, *metadata;
	char created_at[CLOCK_RFC3339_BYTES];

	if (json_object_deep_copy(object, &copy, NULL) != 0)
		return NULL;
	arena_own_json(arena, copy);
	clock_rfc3339(clock_wall_us() / 1000000, created_at);
	metadata = spark_child_object(copy, "metadata");
	json_add_string(metadata, "namespace", origin->namespace);
	json_add_string(metadata, "uid", uid);
	json_add_string(metadata, "resourceVersion", "1");
	json_add_string(metadata, "creationTimestamp", created_at);
	return copy;
}

static struct json_object *
stored_pod(struct arena *arena, const struct k8s_origin *origin, struct json_object *pod, const char *uid)
{
	struct json_object *copy = stored(arena, origin, pod, uid), *status = json_object_new_object();

	json_add_string(status, "phase", "Pending");
	json_object_object_add(copy, "status", status);
	return copy;
}

/* ---- the first piece ---- */

static bool
already_exists(const char *pod_name, struct err *err)
{
	return err_set(err, ERR_EXISTS, "pods \"%s\" already exists", pod_name);
}

/* Sent again although it is complete, or another's that still runs under this name. ret_uid NULL: neither. */
static bool
find_complete(struct app *app, struct arena *arena, const struct k8s_origin *origin,
	      const struct spark_driver_request *request, const char **ret_uid, struct err *err)
{
	struct batch batch;

	*ret_uid = NULL;
	if (!store_k8s_batch_by_pod(app->store, arena, origin->namespace, request->pod_name, origin->cluster, &batch, err))
		return err->code == ERR_NOT_FOUND;
	if (batch.app_id != NULL && strcmp(batch.app_id, request->app_id) == 0) {
		*ret_uid = batch.uid;
		return true;
	}
	return batch_state_is_final(batch.state) || already_exists(request->pod_name, err);
}

bool
k8s_submit_begin(struct app *app, struct arena *arena, const struct k8s_origin *origin, struct json_object *pod,
		 struct json_object **ret_pod, struct err *err)
{
	struct store_k8s_submission submission;
	struct spark_driver_request request;
	struct app_cluster *cluster;
	const char *uid;

	if (!k8s_submit_open(app, origin, &cluster, err) || !read_pod(app, arena, origin, pod, &request, err) ||
	    !find_complete(app, arena, origin, &request, &uid, err))
		return false;
	if (uid != NULL) {
		*ret_pod = stored_pod(arena, origin, pod, uid);
		return true;
	}
	if (!any_takes_new(app, origin, cluster, err))
		return false;
	uid = submit_make_uid(arena);
	const struct store_k8s_submission wanted = {
		.uid = uid,
		.namespace = origin->namespace,
		.pod_name = request.pod_name,
		.app_id = request.app_id,
		.cluster = origin->cluster,
		.owner = origin->user,
		.config_map = request.config_map,
		.pod = stored_pod(arena, origin, pod, uid),
	};
	FAILPOINT("k8s.begin");
	if (!store_k8s_begin(app->store, arena, &wanted, LIVES_S, &submission, err))
		return false;
	FAILPOINT("k8s.begun");
	if (strcmp(submission.app_id, request.app_id) != 0)
		return already_exists(request.pod_name, err);
	*ret_pod = submission.pod;
	return true;
}

/* ---- the others ---- */

static bool
is_uuid(const char *text)
{
	static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

	if (text == NULL || strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

static const char *
owner_of(struct json_object *object)
{
	struct json_object *owners = json_at(object, "metadata", "ownerReferences", NULL);

	return json_count(owners) == 1 ? json_string(json_object_array_get_idx(owners, 0), "uid") : NULL;
}

/* Its submission is complete: the piece was sent again. */
static bool
check_repeated(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *uid, struct err *err)
{
	struct batch batch;

	if (!store_show_by_uid(app->store, arena, uid, &batch, err) || !batch_is_pod(&batch) ||
	    strcmp(batch.namespace, origin->namespace) != 0 ||
	    (batch.owner != NULL && (origin->user == NULL || strcmp(batch.owner, origin->user) != 0))) {
		if (err->code == ERR_NONE || err->code == ERR_NOT_FOUND)
			err_set_(err, ERR_NOT_FOUND, "there is no pod of the uid that metadata.ownerReferences names: its "
				 "submission was begun too long ago, or never");
		return false;
	}
	return batch.reason != BATCH_REFUSED || err_set(err, ERR_INVALID, "%s", batch.message);
}

static bool
keep_part(struct app *app, struct arena *arena, const struct k8s_origin *origin,
	  const struct store_k8s_submission *submission, const char *kind, const char *name, struct json_object *object,
	  struct err *err)
{
	if (store_k8s_part(app->store, submission->uid, arena_printf(arena, "%s/%s", kind, name), object, PARTS_MOST,
			   PARTS_MOST_BYTES, origin->user, err))
		return true;
	return err->code != ERR_NOT_FOUND ? false : err_set(err, ERR_INVALID, "the submission has ended, or it has more than %d "
							    "objects or %d bytes of them", PARTS_MOST, PARTS_MOST_BYTES);
}

bool
k8s_submit_part(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *kind, const char *name,
		struct json_object *object, struct json_object **ret_object, struct err *err)
{
	struct store_k8s_submission submission;
	const char *uid = owner_of(object);
	struct app_cluster *cluster;
	bool kept;

	if (!k8s_submit_open(app, origin, &cluster, err))
		return false;
	if (!is_uuid(uid))
		return err_set(err, ERR_INVALID, "metadata.ownerReferences: the driver's pod is wanted, with its uid");
	*ret_object = stored(arena, origin, object, submit_make_uid(arena));
	if (!store_k8s_show(app->store, arena, uid, origin->user, &submission, err))
		return err->code == ERR_NOT_FOUND && check_repeated(app, arena, origin, uid, err);
	if (strcmp(submission.namespace, origin->namespace) != 0)
		return err_set(err, ERR_INVALID, "the driver's pod is in another namespace");
	if (!spark_driver_part_check(object, kind, name, submission.app_id, err))
		return false;
	if (strcmp(kind, "ConfigMap") == 0 && strcmp(name, submission.config_map) == 0)
		kept = k8s_complete(app, arena, &submission, object, origin->request_id, err);
	else
		kept = keep_part(app, arena, origin, &submission, kind, name, object, err);
	/* gone in between: another worker has completed it */
	return kept || (err->code == ERR_NOT_FOUND && check_repeated(app, arena, origin, uid, err));
}

/* ---- by the pod's name ---- */

bool
k8s_submit_show(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
		struct json_object **ret_pod, struct err *err)
{
	struct store_k8s_submission submission;

	if (!store_k8s_show_by_pod(app->store, arena, origin->namespace, pod_name, origin->user, &submission, err))
		return false;
	*ret_pod = submission.pod;
	return true;
}

bool
k8s_submit_find(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
		enum access access, struct batch *ret_batch, struct err *err)
{
	if (!store_k8s_batch_by_pod(app->store, arena, origin->namespace, pod_name, origin->cluster, ret_batch, err))
		return err->code != ERR_NOT_FOUND ? false : err_set(err, ERR_NOT_FOUND, "pods \"%s\" not found", pod_name);
	return access_allowed(access, ret_batch, origin->user) ||
	       err_set(err, ERR_FORBIDDEN, "pods \"%s\" belongs to somebody else", pod_name);
}

/* What has ended leaves its pod for a while: whoever deletes it gets its name back. */
static bool
delete_pod(struct app *app, struct arena *arena, const struct batch *batch, struct err *err)
{
	struct app_cluster *cluster = app_cluster_find(app, batch->cluster);

	/* refused: there never was one */
	if (batch->pushed_at == NULL)
		return true;
	if (cluster == NULL)
		return err_set(err, ERR_UNAVAILABLE, "cluster %s is not in the gateway's configuration any more", batch->cluster);
	return object_delete(app, arena, cluster, batch, err) ||
	       (err->code == ERR_NOT_FOUND && err_set(err, ERR_NOT_FOUND, "pods \"%s\" not found", batch->driver_pod));
}

bool
k8s_submit_delete(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name, struct err *err)
{
	struct app_cluster *cluster;
	struct batch batch;

	if (!k8s_submit_open(app, origin, &cluster, err))
		return false;
	if (store_k8s_drop(app->store, origin->namespace, pod_name, origin->user, err))
		return true;
	if (err->code != ERR_NOT_FOUND || !k8s_submit_find(app, arena, origin, pod_name, ACCESS_MODIFY, &batch, err))
		return false;
	if (batch_state_is_final(batch.state))
		return delete_pod(app, arena, &batch, err);
	return cancel_batch(app, arena, batch.id, STORE_KILL, origin->user, origin->request_id, &batch, err);
}
