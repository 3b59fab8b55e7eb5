/* SPDX-License-Identifier: Apache-2.0 */
#include "service/k8s_app.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "batch/lifecycle.h"
#include "batch/placement.h"
#include "crd/crd.h"
#include "launch/launch.h"
#include "service/k8s_app_driver.h"
#include "service/k8s_complete.h"
#include "service/k8s_read.h"
#include "spark/executor_request.h"
#include "spark/pod_json.h"
#include "store/batch_store.h"

/* Between the claim and the call that it is for. */
#define PAUSE_MOST_MS 1000

/* How long a worker may take for making one thing; a kill is not over before. */
static int
creating_ms(const struct config *config)
{
	return config->kube_request_timeout_ms + config->kube_connect_timeout_ms + PAUSE_MOST_MS;
}

static bool
check_access(const struct batch *batch, enum access access, const struct k8s_origin *origin, struct err *err)
{
	return access_allowed(access, batch, origin->user) ||
	       err_set(err, ERR_FORBIDDEN, "the application %s belongs to somebody else", batch->app_id);
}

static bool
cluster_of(struct app *app, const struct batch *batch, struct app_cluster **ret_cluster, struct err *err)
{
	*ret_cluster = app_cluster_find(app, batch->cluster);
	return *ret_cluster != NULL || err_set(err, ERR_UNAVAILABLE, "cluster %s is not in the gateway's configuration any more",
					       batch->cluster);
}

/* A failure to note it is no reason to refuse what was asked for. */
static void
hear(struct app *app, const struct batch *batch)
{
	struct err err = ERR_INIT;

	if (!batch_state_is_final(batch->state) && !store_k8s_app_heard(app->store, batch->id, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "application_not_noted", &err, LOG_INT("batch", batch->id));
}

/* ---- the first sight ---- */

static bool
accept(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *cluster, const char *app_id,
       const char *name, struct store_k8s_app *ret_app, struct err *err)
{
	struct json_object *request = arena_own_json(arena, json_object_new_object());
	const struct store_k8s_app_sight sight = {
		.cluster = cluster,
		.namespace = origin->namespace,
		.app_id = app_id,
		.owner = origin->user,
		.name = name,
		.request_text = json_text(request),
		.request_id = origin->request_id,
		.message = "the driver runs where the gateway does not see it: its log and its exit code are not known here",
	};
	bool is_new;

	json_add_string(request, "deployMode", "client");
	json_add_string(request, "namespace", origin->namespace);
	FAILPOINT("k8s.app.see");
	if (!store_k8s_app_accept(app->store, arena, &sight, ret_app, &is_new, err))
		return false;
	FAILPOINT("k8s.app.seen");
	if (is_new)
		log_event(&app->log, LOG_LEVEL_INFO, "application_seen", LOG_INT("batch", ret_app->batch.id),
			  LOG_TEXT("application", app_id));
	return true;
}

bool
k8s_app_see(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *app_id, const char *name,
	    enum access access, bool is_first_sight, struct store_k8s_app *ret_app, struct app_cluster **ret_cluster,
	    struct err *err)
{
	bool found;

	if (!spark_is_app_id(app_id))
		return err_set(err, ERR_INVALID, SPARK_LABEL_APP ": Spark's application id is wanted");
	if (!k8s_submit_open(app, origin, ret_cluster, err))
		return false;
	found = store_k8s_app_find(app->store, arena, origin->namespace, app_id, origin->cluster, ret_app, err);
	if (!found && err->code != ERR_NOT_FOUND)
		return false;
	if (!found && !is_first_sight)
		return err_set(err, ERR_NOT_FOUND, "no application %s has come here", app_id);
	if (!found && (*ret_cluster)->config->drain)
		return placement_refuse_draining((*ret_cluster)->config->name, err);
	if (!found && !accept(app, arena, origin, (*ret_cluster)->config->name, app_id, name, ret_app, err))
		return false;
	if (!check_access(&ret_app->batch, access, origin, err) || !cluster_of(app, &ret_app->batch, ret_cluster, err))
		return false;
	hear(app, &ret_app->batch);
	return true;
}

/* ---- making ---- */

static char *
path_of(struct arena *arena, const struct batch *batch, const char *kind, const char *name)
{
	const struct launch launch = { .arena = arena, .namespace = batch->namespace };

	return launch_path(&launch, kind, name);
}

/* Sent again: it is there, and this application's. */
static bool
find_made(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, const char *kind, const char *name,
	  struct json_object **ret_object, struct err *err)
{
	const char *uid;

	if (!kube_get(cluster->kube, path_of(arena, batch, kind, name), ret_object, err))
		return err->code == ERR_NOT_FOUND ? err_set(err, ERR_UNAVAILABLE, "%s vanished; try again", name) : false;
	arena_own_json(arena, *ret_object);
	uid = crd_batch_uid(*ret_object);
	return (text_is(uid, batch->uid) && json_string_at(*ret_object, "metadata", "deletionTimestamp", NULL) == NULL) ||
	       err_set(err, ERR_EXISTS, "\"%s\" already exists", name);
}

static void
shape(struct json_object *object, const char *kind, const struct spark_executor_request *request, const struct batch *batch,
      const char *gateway_key)
{
	struct json_object *owners = json_object_get(json_at(object, "metadata", "ownerReferences", NULL)), *metadata;

	spark_keep_metadata(object);
	json_object_object_del(object, "status");
	metadata = spark_child_object(object, "metadata");
	crd_add_executor_labels(spark_child_object(metadata, "labels"), batch, gateway_key);
	if (request->owner_name != NULL)
		json_object_object_add(metadata, "ownerReferences", owners);
	else
		json_object_put(owners);
	if (strcmp(kind, "Pod") == 0)
		json_add_string(spark_child_object(object, "spec"), "restartPolicy", "Never");
}

static bool
make(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch, const char *kind,
     const struct spark_executor_request *request, struct json_object *object, struct json_object **ret_object, struct err *err)
{
	int64_t claimed_ms = clock_monotonic_ms();

	if (!store_k8s_app_creating(app->store, batch->id, creating_ms(&app->config), request->app_name, err))
		return err->code != ERR_NOT_FOUND ? false
						  : err_set(err, ERR_FORBIDDEN, "the application %s has ended, as batch %" PRId64 ": "
							    "nothing is made for it any more; another one has another spark.app.id",
							    batch->app_id, batch->id);
	FAILPOINT("k8s.app.claimed");
	if (clock_monotonic_ms() - claimed_ms > PAUSE_MOST_MS)
		return err_set(err, ERR_UNAVAILABLE, "the gateway was held up; try again");
	if (kube_create(cluster->kube, path_of(arena, batch, kind, NULL), object, ret_object, err)) {
		FAILPOINT("k8s.app.created");
		arena_own_json(arena, *ret_object);
		return true;
	}
	return err->code == ERR_EXISTS && find_made(arena, cluster, batch, kind, request->name, ret_object, err);
}

bool
k8s_app_create(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *kind, struct json_object *object,
	       struct json_object **ret_object, struct err *err)
{
	struct spark_executor_request request;
	struct spark_pod_rules rules;
	struct store_k8s_app known;
	struct app_cluster *cluster, *of_batch;
	const char *gateway_key;

	if (!k8s_submit_open(app, origin, &cluster, err))
		return false;
	if (!k8s_rules_of(arena, cluster->config, origin->user, &rules, err) ||
	    !spark_executor_request_read(object, kind, &rules, &request, err) ||
	    !k8s_app_see(app, arena, origin, request.app_id, request.app_name, ACCESS_MODIFY, true, &known, &of_batch, err))
		return false;
	/* its driver was submitted to another one that has the same namespace */
	if (of_batch != cluster && (!k8s_rules_of(arena, of_batch->config, origin->user, &rules, err) ||
				    !spark_executor_request_read(object, kind, &rules, &request, err)))
		return false;
	if (request.owner_name != NULL && !k8s_app_driver_learn(app, arena, of_batch, &known, request.owner_name,
								request.owner_uid, origin->address, err))
		return false;
	if (!app_gateway_key(app, &gateway_key, err))
		return false;
	shape(object, kind, &request, &known.batch, gateway_key);
	return make(app, arena, of_batch, &known.batch, kind, &request, object, ret_object, err);
}

/* ---- of one application, by labels ---- */

bool
k8s_app_select(struct app *app, struct arena *arena, const struct batch *batch, struct buf *query, const char *wanted,
	       struct err *err)
{
	const char *gateway_key, *selector;

	if (!app_gateway_key(app, &gateway_key, err))
		return false;
	/* ours stands first, so that nothing in the client's can take it back */
	selector = crd_executors_selector(arena, batch, gateway_key);
	k8s_read_add(arena, query, "labelSelector",
		     wanted == NULL || wanted[0] == '\0' ? selector : arena_printf(arena, "%s,%s", selector, wanted));
	return true;
}

bool
k8s_app_delete_selected(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *kind,
			const char *selector, const char *field_selector, struct err *err)
{
	const char *app_id = spark_selected(arena, selector, SPARK_LABEL_APP);
	struct store_k8s_app known;
	struct app_cluster *cluster;
	AUTO_BUF struct buf query;

	buf_init(&query, LIMIT_PATH_BYTES);
	if (app_id == NULL)
		return err_set(err, ERR_FORBIDDEN, "labelSelector: " SPARK_LABEL_APP "=ID is wanted: only what belongs to one "
			       "application is deleted at once");
	if (!k8s_app_see(app, arena, origin, app_id, NULL, ACCESS_MODIFY, false, &known, &cluster, err) ||
	    !k8s_app_select(app, arena, &known.batch, &query, selector, err))
		return false;
	if (field_selector != NULL)
		k8s_read_add(arena, &query, "fieldSelector", field_selector);
	if (query.overflowed)
		return err_set(err, ERR_TOO_LARGE, "the query is longer than %zu bytes", LIMIT_PATH_BYTES);
	if (strcmp(kind, "Service") == 0 && !store_k8s_app_stopped(app->store, known.batch.id, err))
		return false;
	FAILPOINT("k8s.app.stopped");
	return kube_delete(cluster->kube, arena_printf(arena, "%s?%s", path_of(arena, &known.batch, kind, NULL), buf_str(&query)),
			   NULL, err) ||
	       err->code == ERR_NOT_FOUND;
}

/* ---- one pod ---- */

struct found_pod {
	struct app_cluster *cluster;
	const char *path;
	struct json_object *pod;        /* the arena's */
	bool is_executor;               /* of `batch` */
	struct batch batch;
};

static bool
not_found(const char *pod_name, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "pods \"%s\" not found", pod_name);
}

static bool
find_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name, enum access access,
	 struct found_pod *ret_found, struct err *err)
{
	const char *gateway_key, *uid;

	if (!k8s_submit_open(app, origin, &ret_found->cluster, err) || !app_gateway_key(app, &gateway_key, err))
		return false;
	ret_found->path = arena_printf(arena, "/api/v1/namespaces/%s/pods/%s", origin->namespace, pod_name);
	if (!kube_get(ret_found->cluster->kube, ret_found->path, &ret_found->pod, err))
		return err->code == ERR_NOT_FOUND ? not_found(pod_name, err) : false;
	arena_own_json(arena, ret_found->pod);
	uid = crd_batch_uid(ret_found->pod);
	ret_found->is_executor = false;
	if (uid == NULL)
		return true;
	if (!store_show_by_uid(app->store, arena, uid, &ret_found->batch, err))
		return err->code == ERR_NOT_FOUND ? not_found(pod_name, err) : false;
	if (!access_allowed(access, &ret_found->batch, origin->user))
		return err_set(err, ERR_FORBIDDEN, "pods \"%s\" belongs to somebody else", pod_name);
	ret_found->is_executor = crd_is_executors(ret_found->pod, gateway_key);
	if (ret_found->is_executor)
		hear(app, &ret_found->batch);
	return true;
}

bool
k8s_app_show_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
		 struct json_object **ret_pod, struct err *err)
{
	struct found_pod found;

	if (!find_pod(app, arena, origin, pod_name, ACCESS_VIEW, &found, err))
		return false;
	*ret_pod = found.is_executor ? found.pod : k8s_app_driver_view(arena, found.pod);
	return true;
}

/* The same, and it is to be changed. */
static bool
find_executor(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
	      struct found_pod *ret_found, struct err *err)
{
	return find_pod(app, arena, origin, pod_name, ACCESS_MODIFY, ret_found, err) &&
	       (ret_found->is_executor || not_found(pod_name, err));
}

bool
k8s_app_delete_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name, struct err *err)
{
	struct found_pod found;

	return find_executor(app, arena, origin, pod_name, &found, err) &&
	       (kube_delete(found.cluster->kube, found.path, crd_uid_of(found.pod), err) ||
		(err->code == ERR_NOT_FOUND && not_found(pod_name, err)));
}

bool
k8s_app_patch_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
		  struct json_object *patch, struct json_object **ret_pod, struct err *err)
{
	struct json_object *changes = arena_own_json(arena, json_object_new_object()), *metadata;
	struct found_pod found;

	if (!spark_executor_patch_check(patch, err) || !find_executor(app, arena, origin, pod_name, &found, err))
		return false;
	metadata = spark_child_object(changes, "metadata");
	json_add_string(metadata, "uid", crd_uid_of(found.pod));
	json_add_string(spark_child_object(metadata, "labels"), SPARK_LABEL_INACTIVE, "true");
	if (!kube_merge(found.cluster->kube, found.path, changes, ret_pod, err))
		return err->code == ERR_NOT_FOUND ? not_found(pod_name, err) : false;
	arena_own_json(arena, *ret_pod);
	return true;
}
