/* SPDX-License-Identifier: Apache-2.0 */
#include "service/k8s_complete.h"

#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "batch/validate.h"
#include "crd/crd.h"
#include "crd/python_env.h"
#include "service/cluster_choice.h"
#include "service/identity.h"
#include "service/push.h"
#include "service/submit.h"
#include "service/turn.h"
#include "service/user_rules.h"
#include "spark/pod_json.h"
#include "spark/properties.h"
#include "spark/properties_read.h"

#define PROPERTIES_FILE "spark.properties"

/* A submission on its way to be a batch. */
struct completion {
	struct app *app;
	struct arena *arena;
	const struct store_k8s_submission *submission;
	struct app_cluster *cluster;
	struct user_rules rules;        /* of that cluster for whoever submits */
	const char *service_account;    /* the only one that its pods may have; NULL: the namespace's default */
	struct spark_conf conf;
	struct spark_driver_request request;
};

bool
k8s_rules_of(struct arena *arena, const struct config_cluster *cluster, const char *user, struct spark_pod_rules *ret_rules,
	     struct err *err)
{
	*ret_rules = (struct spark_pod_rules){ .host_access = cluster->k8s_host_access };
	return identity_account(arena, cluster, user, &ret_rules->service_account, err);
}

static bool
read_properties(struct completion *completion, struct json_object *config_map, struct err *err)
{
	const char *text = json_string_at(config_map, "data", PROPERTIES_FILE, NULL);

	if (text == NULL)
		return err_set(err, ERR_INVALID, "data: " PROPERTIES_FILE " is wanted in the driver's config map");
	spark_conf_init(&completion->conf, completion->arena);
	if (spark_properties_read(text, &completion->conf, err))
		return true;
	return err_set(err, ERR_INVALID, "data." PROPERTIES_FILE ": %s", arena_strdup(completion->arena, err->msg));
}

static bool
may_take(const struct app_cluster *cluster, const void *context)
{
	const struct store_k8s_submission *submission = context;

	return cluster->config->k8s_submissions && strcmp(kube_namespace(cluster->kube), submission->namespace) == 0;
}

static bool
pick_cluster(struct completion *completion, struct err *err)
{
	const struct store_k8s_submission *submission = completion->submission;
	struct spark_conf *conf = &completion->conf;
	const struct cluster_wish wish = {
		.by_path = submission->cluster,
		.own = spark_conf_get(conf, "spark.sparkgate.cluster"),
		.other = spark_conf_get(conf, "spark.ilum.cluster"),
		.may_take = may_take,
		.context = submission,
	};
	struct spark_pod_rules rules;
	const struct config_cluster *cluster;

	if (!cluster_choose(completion->app, completion->arena, &wish, &completion->cluster, err))
		return false;
	spark_conf_remove(conf, "spark.sparkgate.cluster");
	spark_conf_remove(conf, "spark.ilum.cluster");
	if (spark_conf_get(conf, "spark.sparkgate.retry.max") != NULL)
		return err_set(err, ERR_INVALID, "spark.sparkgate.retry.max: the driver's pod is spark-submit's own, and nobody makes "
			       "it anew: leave it out, or submit by --master spark:// or Livy's POST /batches");
	cluster = completion->cluster->config;
	if (!cluster->k8s_submissions)
		return err_set(err, ERR_FORBIDDEN, "cluster '%s' takes no submissions by --master k8s://: its configuration has "
			       "no k8s_submissions: true", cluster->name);
	if (strcmp(kube_namespace(completion->cluster->kube), submission->namespace) != 0)
		return err_set(err, ERR_FORBIDDEN, "spark.kubernetes.namespace: drivers of cluster '%s' run in namespace '%s'",
			       cluster->name, kube_namespace(completion->cluster->kube));
	if (!k8s_rules_of(completion->arena, cluster, submission->owner, &rules, err))
		return false;
	completion->service_account = rules.service_account;
	completion->rules = user_rules_of(completion->arena, &completion->app->config, cluster, submission->owner);
	return spark_driver_request_read(submission->pod, &rules, &completion->request, err);
}

/* As for every batch; but what the driver's pod was made of cannot be changed any more. */
static bool
lay_conf(struct completion *completion, struct err *err)
{
	const struct config_cluster *cluster = completion->cluster->config;
	struct spark_conf *conf = &completion->conf;

	for (size_t i = 0; i < completion->rules.default_conf.count; i++) {
		const struct batch_pair *pair = &completion->rules.default_conf.items[i];

		if (!spark_shapes_driver(pair->key))
			spark_conf_default(conf, pair->key, pair->value);
	}
	for (size_t i = 0; i < completion->rules.enforced_conf.count; i++) {
		const struct batch_pair *pair = &completion->rules.enforced_conf.items[i];
		const char *given = spark_conf_get(conf, pair->key);

		if (!spark_shapes_driver(pair->key))
			spark_conf_set(conf, pair->key, pair->value);
		else if (given == NULL || strcmp(given, pair->value) != 0)
			return err_set(err, ERR_INVALID, "%s: cluster '%s' wants '%s', and the driver's pod was made without "
				       "it: submit with --conf %s=%s", pair->key, cluster->name, pair->value, pair->key, pair->value);
	}
	return true;
}

/* Whoever denies "*" means what a user writes, not what spark-submit itself cannot do without. */
static bool
is_of_spark_submit(const char *key)
{
	static const char *const keys[] = {
		"spark.app.id", "spark.app.name", "spark.app.submitTime", "spark.driver.blockManager.port", "spark.driver.host",
		"spark.driver.port", "spark.kubernetes.authenticate.*", "spark.kubernetes.driver.pod.name",
		"spark.kubernetes.memoryOverheadFactor", "spark.kubernetes.namespace", "spark.kubernetes.resource.type",
		"spark.kubernetes.submission.*", "spark.kubernetes.submitInDriver", "spark.master", "spark.submit.deployMode",
	};

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (batch_key_matches(keys[i], key))
			return true;
	}
	return false;
}

/* What the cluster's policy says of executors' volumes holds for drivers' too: with k8s_host_access they may have them. */
static bool
check_policy(const struct completion *completion, struct err *err)
{
	const struct config_cluster *cluster = completion->cluster->config;
	const struct batch_policy *policy = &completion->rules.policy;
	const char *resource = completion->request.resource;

	if (spark_conf_get(&completion->conf, PYTHON_ENV_SPARK_KEY) != NULL)
		return err_set(err, ERR_INVALID, PYTHON_ENV_SPARK_KEY ": nothing can be installed in a pod that spark-submit has made: "
			       "put the packages into the image or into an archive, or submit by another protocol");
	for (size_t i = 0; i < completion->conf.count; i++) {
		const struct spark_property *property = &completion->conf.items[i];

		if (is_of_spark_submit(property->key) ||
		    (cluster->k8s_host_access && batch_key_matches("spark.kubernetes.*.volumes.hostPath.*", property->key)))
			continue;
		if (!batch_policy_check_property(completion->arena, policy, property->key, property->value, err))
			return false;
	}
	return resource == NULL || strchr(resource, ':') == NULL ||
	       batch_policy_check_uri(completion->arena, policy, "resource", resource, strlen(resource), err);
}

static bool
check_accounts(const struct completion *completion, struct err *err)
{
	static const char *const keys[] = {
		"spark.kubernetes.authenticate.driver.serviceAccountName", "spark.kubernetes.authenticate.executor.serviceAccountName",
		"spark.kubernetes.authenticate.serviceAccountName",
	};
	const char *allowed = completion->service_account;

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		const char *given = spark_conf_get(&completion->conf, keys[i]);

		if (given != NULL && strcmp(given, allowed == NULL ? "default" : allowed) != 0)
			return err_set(err, ERR_FORBIDDEN, "%s: '%s' is not the service account of this cluster: leave it out",
				       keys[i], given);
	}
	return true;
}

static bool
write_properties(struct completion *completion, struct json_object *config_map, struct err *err)
{
	AUTO_BUF struct buf text;

	buf_init(&text, LIMIT_CONFIG_MAP_BYTES);
	if (!spark_properties_write(&completion->conf, " as submitted, with the properties of the cluster", &text))
		return err_set(err, ERR_INVALID, "data." PROPERTIES_FILE ": longer than a config map can be");
	json_add_string(json_member(config_map, "data"), PROPERTIES_FILE, buf_str(&text));
	return true;
}

/* ---- what is created ---- */

static struct json_object *
make_pod(struct completion *completion)
{
	const char *account = completion->service_account;
	struct json_object *pod = completion->submission->pod, *spec = json_member(pod, "spec");

	spark_keep_metadata(pod);
	json_object_object_del(pod, "status");
	/* a template may call it otherwise: it is found by this name, for its exit code and its log */
	json_add_string(completion->request.container, "name", CRD_DRIVER_CONTAINER);
	json_object_object_del(spec, "serviceAccount");
	if (account != NULL)
		json_add_string(spec, "serviceAccountName", account);
	/* a driver that has ended has ended: the kubelet is not to begin it again */
	json_add_string(spec, "restartPolicy", "Never");
	return json_object_get(pod);
}

static struct json_object *
make_objects(struct completion *completion, struct json_object *config_map)
{
	struct json_object *objects = json_object_new_object(), *parts = json_object_new_array();

	json_object_object_foreach(completion->submission->parts, key, part) {
		(void)key;
		spark_keep_metadata(part);
		json_object_array_add(parts, json_object_get(part));
	}
	spark_keep_metadata(config_map);
	json_object_array_add(parts, json_object_get(config_map));
	json_object_object_add(objects, "pod", make_pod(completion));
	json_object_object_add(objects, "parts", parts);
	return arena_own_json(completion->arena, objects);
}

/* ---- what the row keeps: no variables of the pod, which may be secrets, and no secret properties ---- */

static struct json_object *
make_request(const struct completion *completion, bool is_redacted)
{
	const struct spark_driver_request *request = &completion->request;
	struct json_object *object = json_object_new_object(), *conf = json_object_new_object();

	for (size_t i = 0; i < completion->conf.count; i++) {
		const struct spark_property *property = &completion->conf.items[i];

		json_add_string(conf, property->key,
				is_redacted && batch_key_is_secret(property->key) ? BATCH_REDACTED : property->value);
	}
	json_add_string(object, "pod", request->pod_name);
	json_add_string(object, "namespace", completion->submission->namespace);
	json_add_string(object, "image", request->image);
	json_add_string(object, "mainClass", request->main_class);
	json_add_string(object, "resource", request->resource);
	json_object_object_add(object, "args", json_object_get(json_member(request->container, "args")));
	json_object_object_add(object, "labels", json_object_get(request->labels));
	json_object_object_add(object, "conf", conf);
	return arena_own_json(completion->arena, object);
}

/* For reports: Spark's properties say it for the driver's pod, which they have made, as for executors. */
static struct json_object *
asked_of(const struct completion *completion)
{
	const struct spark_conf *conf = &completion->conf;
	struct batch_order order = { .file = completion->request.resource, .executors_count = -1 };
	struct crd_target target = { .image = completion->request.image };

	if (order.file == NULL)
		order.file = "";
	order.conf.items = arena_alloc(completion->arena, conf->count * sizeof(order.conf.items[0]) + 1);
	for (; order.conf.count < conf->count; order.conf.count++)
		order.conf.items[order.conf.count] =
			(struct batch_pair){ conf->items[order.conf.count].key, conf->items[order.conf.count].value };
	return crd_asked(completion->arena, &order, &target);
}

static bool
check_name(const char *name, struct err *err)
{
	return name == NULL || strlen(name) <= LIMIT_NAME_BYTES ||
	       err_set(err, ERR_INVALID, "spark.app.name: longer than %d bytes", LIMIT_NAME_BYTES);
}

/* Of a commit whose answer was lost, asking again finds the row. */
static bool
accept(struct completion *completion, const struct store_k8s_batch *new_batch, struct batch *ret_batch, bool *ret_is_new,
       struct err *err)
{
	struct store *store = completion->app->store;

	return store_k8s_accept(store, completion->arena, new_batch, ret_batch, ret_is_new, err) ||
	       (err->code == ERR_TIMEOUT &&
		store_k8s_accept(store, completion->arena, new_batch, ret_batch, ret_is_new, err));
}

static bool
commit_and_push(struct completion *completion, struct json_object *objects, const char *request_id, struct err *err)
{
	struct json_object *request = make_request(completion, true), *whole = make_request(completion, false);
	struct json_object *asked = asked_of(completion);
	struct app *app = completion->app;
	int64_t began_ms = clock_monotonic_ms();
	const struct store_k8s_batch new_batch = {
		.uid = completion->submission->uid,
		.name = spark_conf_get(&completion->conf, "spark.app.name"),
		.cluster = completion->cluster->config->name,
		.request_text = json_text(request),
		.whole_request_text = json_text(whole),
		.request_id = request_id,
		.objects_text = json_text(objects),
		.asked_text = asked == NULL ? NULL : json_text(asked),
		.claim_ms = push_claim_ms(&app->config),
		.queue = spark_conf_get(&completion->conf, SUBMIT_CONF_QUEUE),
		.limits = turn_limits(completion->arena, completion->cluster->config),
	};
	struct batch batch;
	bool is_new;

	FAILPOINT("k8s.complete");
	if (!check_name(new_batch.name, err) || !submit_check_queue(new_batch.queue, err) ||
	    !accept(completion, &new_batch, &batch, &is_new, err))
		return false;
	FAILPOINT("k8s.committed");
	if (!is_new)
		return batch.reason != BATCH_REFUSED || err_set(err, ERR_INVALID, "%s", batch.message);
	submit_tell_accepted(app, &batch, NULL);
	return submit_push_accepted(app, completion->arena, &batch, objects, began_ms, false, err);
}

bool
k8s_complete(struct app *app, struct arena *arena, const struct store_k8s_submission *submission,
	     struct json_object *config_map, const char *request_id, struct err *err)
{
	struct completion completion = { .app = app, .arena = arena, .submission = submission };

	if (!read_properties(&completion, config_map, err) || !pick_cluster(&completion, err) ||
	    !check_policy(&completion, err) || !lay_conf(&completion, err) || !check_accounts(&completion, err) ||
	    !write_properties(&completion, config_map, err))
		return false;
	return commit_and_push(&completion, make_objects(&completion, config_map), request_id, err);
}
