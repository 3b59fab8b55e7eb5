/*
 * crd/wanted.c - an order with its layers and precedences sorted out, for either definition to write down.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crd/crd_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "batch/validate.h"
#include "crd/python_env.h"
#include "spark/pod_json.h"

/* A gateway that was away for less still finds the final state and the log. */
#define TIME_TO_LIVE_S 86400

#define DRIVER_PYTHON "spark.pyspark.driver.python"
#define MAX_FAILURES "spark.executor.maxNumFailures"
#define MORE_PAIRS 3            /* that are added to the conf */

const char *const crd_dynamic_keys[CRD_DYNAMIC_COUNT] = {
	[CRD_DYNAMIC_INITIAL] = "spark.dynamicAllocation.initialExecutors",
	[CRD_DYNAMIC_MIN] = "spark.dynamicAllocation.minExecutors",
	[CRD_DYNAMIC_MAX] = "spark.dynamicAllocation.maxExecutors",
};

int
crd_time_to_live_s(const struct crd_target *target)
{
	return target->time_to_live_s > 0 ? target->time_to_live_s : TIME_TO_LIVE_S;
}

static bool
parse_count(const char *key, const char *text, int64_t least, int64_t *ret_count, struct err *err)
{
	char *end;
	long long count = strtoll(text, &end, 10);

	if (end == text || *end != '\0' || count < least || count > INT32_MAX)
		return err_set(err, ERR_INVALID, "conf %s: '%s' is not a whole number from %" PRId64, key, text, least);
	*ret_count = count;
	return true;
}

/* A count from the request's field, else from the conf, else what *ret_count has. */
static bool
take_count(int64_t given, struct batch_pairs *conf, const char *conf_key, int64_t least, int64_t *ret_count, struct err *err)
{
	const char *text = batch_pairs_take(conf, conf_key);

	if (given <= 0 && text != NULL)
		return parse_count(conf_key, text, least, ret_count, err);
	if (given > 0)
		*ret_count = given;
	return true;
}

/* The request's list first, then those of the conf keys: of two lists an operator lets one win (contract crds.md 2.4). */
static struct batch_strings
join(struct arena *arena, const struct batch_strings *strings, struct batch_pairs *conf, const char *const *conf_keys)
{
	struct batch_strings list = { 0 };
	const char *more[3] = { NULL };
	size_t most = strings->count;

	for (size_t i = 0; conf_keys[i] != NULL; i++) {
		more[i] = batch_pairs_take(conf, conf_keys[i]);
		most += more[i] == NULL ? 0 : strlen(more[i]) / 2 + 1;
	}
	list.items = arena_alloc(arena, most * sizeof(list.items[0]) + 1);
	for (size_t i = 0; i < strings->count; i++)
		list.items[list.count++] = strings->items[i];
	for (size_t i = 0; conf_keys[i] != NULL; i++) {
		char *rest, *copy = arena_strdup(arena, more[i] == NULL ? "" : more[i]);

		for (char *item = strtok_r(copy, ", ", &rest); item != NULL; item = strtok_r(NULL, ", ", &rest))
			list.items[list.count++] = item;
	}
	return list;
}

static void
want_lists(struct arena *arena, struct crd_wanted *wanted)
{
	static const char *const jars[] = { "spark.jars", NULL }, *const files[] = { "spark.files", NULL };
	static const char *const py_files[] = { "spark.submit.pyFiles", NULL };
	/* YARN's word for the same, in the conf of people who come from there */
	static const char *const archives[] = { "spark.archives", "spark.yarn.dist.archives", NULL };

	wanted->jars = join(arena, &wanted->order->jars, &wanted->conf, jars);
	wanted->py_files = join(arena, &wanted->order->py_files, &wanted->conf, py_files);
	wanted->files = join(arena, &wanted->order->files, &wanted->conf, files);
	wanted->archives = join(arena, &wanted->order->archives, &wanted->conf, archives);
}

static const char *
either(const char *first, const char *second)
{
	return first != NULL ? first : second;
}

static bool
want_image(struct crd_wanted *wanted, struct err *err)
{
	wanted->image = either(batch_pairs_take(&wanted->conf, "spark.kubernetes.container.image"), wanted->target->image);
	if (wanted->image == NULL || wanted->image[0] == '\0')
		return err_set(err, ERR_INVALID, "no Spark image: set spark.kubernetes.container.image in conf "
			       "(or image for this cluster in the gateway's configuration)");
	wanted->pull_policy = batch_pairs_take(&wanted->conf, "spark.kubernetes.container.image.pullPolicy");
	return true;
}

static bool
is_true(const char *text)
{
	return text != NULL && strcasecmp(text, "true") == 0;
}

static bool
want_dynamic_allocation(struct crd_wanted *wanted, struct err *err)
{
	struct batch_pairs *conf = &wanted->conf;
	const char *tracking;

	wanted->dynamic = is_true(batch_pairs_get(conf, "spark.dynamicAllocation.enabled"));
	if (!wanted->dynamic)
		return true;
	batch_pairs_take(conf, "spark.dynamicAllocation.enabled");
	for (size_t i = 0; i < CRD_DYNAMIC_COUNT; i++) {
		wanted->dynamic_counts[i] = -1;
		if (!take_count(0, conf, crd_dynamic_keys[i], 0, &wanted->dynamic_counts[i], err))
			return false;
	}
	tracking = batch_pairs_take(conf, "spark.dynamicAllocation.shuffleTracking.enabled");
	if (tracking != NULL)
		wanted->shuffle_tracking = is_true(tracking) ? "true" : "false";
	return true;
}

static bool
want_role(struct arena *arena, struct crd_wanted *wanted, const char *name, const char *memory, int cores,
	  struct crd_role *ret_role, struct err *err)
{
	struct batch_pairs *conf = &wanted->conf;
	const char *conf_memory = batch_pairs_take(conf, arena_printf(arena, "spark.%s.memory", name));
	const char *account = batch_pairs_take(conf, arena_printf(arena, "spark.kubernetes.authenticate.%s.serviceAccountName",
								  name));

	ret_role->service_account = either(account, wanted->target->service_account);
	ret_role->memory = either(memory, conf_memory);
	ret_role->image = batch_pairs_take(conf, arena_printf(arena, "spark.kubernetes.%s.container.image", name));
	return take_count(cores, conf, arena_printf(arena, "spark.%s.cores", name), 1, &ret_role->cores, err);
}

static bool
want_executors(struct crd_wanted *wanted, struct err *err)
{
	const char *key = "spark.executor.instances";
	const char *text = batch_pairs_take(&wanted->conf, key);
	int64_t count = wanted->order->executors_count;

	if (count < 0 && text != NULL && !parse_count(key, text, 0, &count, err))
		return false;
	if (count < 0)
		count = wanted->dynamic ? 0 : 1;
	if (count == 0 && !wanted->dynamic)
		return err_set(err, ERR_INVALID, "numExecutors: at least 1; for none at the start set "
			       "spark.dynamicAllocation.enabled and spark.dynamicAllocation.minExecutors=0 in conf");
	wanted->executors_count = count;
	return true;
}

/* Who says which Python there is, means another than the one that the packages are for. */
static bool
check_python(const struct batch_pairs *conf, struct err *err)
{
	static const char *const keys[] = {
		"spark.pyspark.python", DRIVER_PYTHON, "spark.kubernetes.driverEnv.PYSPARK_PYTHON",
		"spark.kubernetes.driverEnv.PYSPARK_DRIVER_PYTHON", "spark.executorEnv.PYSPARK_PYTHON",
	};

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (batch_pairs_get(conf, keys[i]) != NULL)
			return err_set(err, ERR_INVALID, "conf %s: together with " PYTHON_ENV_KEY ", which brings a Python of its own: "
				       "leave one of them out", keys[i]);
	}
	return true;
}

/* For all batches of a cluster, by its default_conf, they are meant for those in Python. */
static bool
want_packages(struct arena *arena, struct crd_wanted *wanted, struct err *err)
{
	const struct batch_pairs *asked = &wanted->order->conf;
	bool is_asked = batch_pairs_get(asked, PYTHON_ENV_KEY) != NULL || batch_pairs_get(asked, PYTHON_ENV_SPARK_KEY) != NULL;
	const char *short_key = batch_pairs_take(&wanted->conf, PYTHON_ENV_KEY);
	const char *spark_key = batch_pairs_take(&wanted->conf, PYTHON_ENV_SPARK_KEY);

	if (either(short_key, spark_key) == NULL || (wanted->language != CRD_PYTHON && !is_asked))
		return true;
	if (wanted->language != CRD_PYTHON)
		return err_set(err, ERR_INVALID, "conf " PYTHON_ENV_KEY ": packages of Python, but %s is no Python program: leave it "
			       "out", wanted->order->file);
	if (!check_python(&wanted->conf, err) ||
	    !python_env_read(arena, either(short_key, spark_key), &wanted->requirements, err))
		return false;
	wanted->conf.items[wanted->conf.count++] = (struct batch_pair){ "spark.pyspark.python", PYTHON_ENV_INTERPRETER };
	/* executors that cannot install them do not come and go for ever */
	if (batch_pairs_get(&wanted->conf, MAX_FAILURES) == NULL)
		wanted->conf.items[wanted->conf.count++] = (struct batch_pair){ MAX_FAILURES, "10" };
	return true;
}

static const char *
name_of(const char *uri)
{
	const char *fragment = strchr(uri, '#'), *slash = strrchr(uri, '/');

	return fragment != NULL ? fragment + 1 : slash != NULL ? slash + 1 : uri;
}

/* Who names one of the files as Python, and says nothing of the driver's own, means it for the driver, too. */
static void
want_pex(struct crd_wanted *wanted)
{
	const char *python = batch_pairs_get(&wanted->conf, "spark.pyspark.python");

	if (wanted->language != CRD_PYTHON || python == NULL || strncmp(python, "./", 2) != 0 ||
	    !python_env_is_pex_name(python + 2) || batch_pairs_get(&wanted->conf, DRIVER_PYTHON) != NULL)
		return;
	for (size_t i = 0; wanted->pex == NULL && i < wanted->files.count; i++) {
		if (strcmp(name_of(wanted->files.items[i]), python + 2) == 0)
			wanted->pex = python + 2;
	}
	if (wanted->pex != NULL)
		wanted->conf.items[wanted->conf.count++] = (struct batch_pair){ DRIVER_PYTHON, PYTHON_ENV_PEX_RUNNER };
}

/* Spark's container is in each, because Spark looks for it, and one definition of applications does, too. */
static struct json_object *
empty_template(const char *container_name)
{
	struct json_object *template = json_object_new_object(), *container = json_object_new_object();

	json_add_string(container, "name", container_name);
	spark_append(spark_child_object(template, "spec"), "containers", container);
	return template;
}

struct json_object *
crd_pod_template(const struct crd_wanted *wanted, const struct crd_role *role, const char *container)
{
	const struct python_env env = {
		.requirements = wanted->requirements,
		.pex = role == &wanted->driver ? wanted->pex : NULL,
		.image = either(role->image, wanted->image),
		.image_pull_policy = either(wanted->pull_policy, CRD_PULL_POLICY),
		.pip_config_map = wanted->target->pip_config_map,
	};
	struct json_object *template;
	bool has_env = env.requirements != NULL || env.pex != NULL;

	if (!has_env && scheduling_is_empty(&wanted->scheduling))
		return NULL;
	template = has_env ? python_env_template(&env, container) : empty_template(container);
	scheduling_add(&wanted->scheduling, template);
	return template;
}

/* Defaults below, the request in the middle, what is enforced on top. */
static struct batch_pairs
layer_conf(struct arena *arena, const struct batch_pairs *request, const struct crd_target *target)
{
	const struct batch_pairs *const layers[] = { &target->enforced_conf, request, &target->default_conf };
	struct batch_pairs conf = { 0 };
	size_t most = MORE_PAIRS;

	for (size_t i = 0; i < ARRAY_COUNT(layers); i++)
		most += layers[i]->count;
	conf.items = arena_alloc(arena, most * sizeof(conf.items[0]) + 1);
	for (size_t i = 0; i < ARRAY_COUNT(layers); i++) {
		for (size_t k = 0; k < layers[i]->count; k++) {
			if (batch_pairs_get(&conf, layers[i]->items[k].key) == NULL)
				conf.items[conf.count++] = layers[i]->items[k];
		}
	}
	return conf;
}

/* What is enforced beats the fields of the request too, not only its conf: a field whose conf key is enforced is forgotten. */
static struct batch_order
forget_enforced(const struct batch_order *order, const struct batch_pairs *enforced)
{
	struct batch_order left = *order;

	if (batch_pairs_get(enforced, "spark.driver.memory") != NULL)
		left.driver_memory = NULL;
	if (batch_pairs_get(enforced, "spark.executor.memory") != NULL)
		left.executor_memory = NULL;
	if (batch_pairs_get(enforced, "spark.driver.cores") != NULL)
		left.driver_cores = 0;
	if (batch_pairs_get(enforced, "spark.executor.cores") != NULL)
		left.executor_cores = 0;
	if (batch_pairs_get(enforced, "spark.executor.instances") != NULL)
		left.executors_count = -1;
	return left;
}

static enum crd_language
language_of(const char *file)
{
	static const char *const python[] = { ".py", ".zip", ".egg", ".pex" };
	const char *dot = strrchr(file, '.');

	for (size_t i = 0; dot != NULL && i < ARRAY_COUNT(python); i++) {
		if (strcasecmp(dot, python[i]) == 0)
			return CRD_PYTHON;
	}
	return dot != NULL && strcasecmp(dot, ".R") == 0 ? CRD_R : CRD_JAVA;
}

bool
crd_want(struct arena *arena, const struct batch_order *order, const struct crd_target *target, struct crd_wanted *ret_wanted,
	 struct err *err)
{
	struct batch_order *asked = arena_alloc(arena, sizeof(*asked));

	*asked = forget_enforced(order, &target->enforced_conf);
	*ret_wanted = (struct crd_wanted){
		.order = asked,
		.target = target,
		.language = language_of(order->file),
		.conf = layer_conf(arena, &order->conf, target),
	};
	want_lists(arena, ret_wanted);
	want_pex(ret_wanted);
	return want_image(ret_wanted, err) && want_dynamic_allocation(ret_wanted, err) &&
	       want_role(arena, ret_wanted, "driver", asked->driver_memory, asked->driver_cores, &ret_wanted->driver, err) &&
	       want_role(arena, ret_wanted, "executor", asked->executor_memory, asked->executor_cores, &ret_wanted->executor,
			 err) &&
	       want_executors(ret_wanted, err) && want_packages(arena, ret_wanted, err) &&
	       scheduling_take(arena, &ret_wanted->conf, &ret_wanted->scheduling, err);
}

bool
crd_check_kueue_queue(const char *queue, struct err *err)
{
	return text_is_label_value(queue) ||
	       err_set(err, ERR_INVALID, "queue: '%s' cannot be a queue of Kueue's, which is a label: 63 at most of letters, digits, "
		       "'-', '_' and '.', a letter or digit at either end", queue);
}

struct json_object *
crd_strings(const struct batch_strings *strings)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < strings->count; i++)
		json_object_array_add(array, json_object_new_string(strings->items[i]));
	return array;
}

struct json_object *
crd_pairs(const struct batch_pairs *pairs)
{
	struct json_object *map = json_object_new_object();

	for (size_t i = 0; i < pairs->count; i++)
		json_add_string(map, pairs->items[i].key, pairs->items[i].value);
	return map;
}

void
crd_add_unless_null(struct json_object *object, const char *key, const char *text)
{
	if (text != NULL)
		json_add_string(object, key, text);
}
