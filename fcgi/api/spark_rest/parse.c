/* SPDX-License-Identifier: Apache-2.0 */
#include "api/spark_rest/spark_rest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/body.h"
#include "base/clock.h"
#include "base/json.h"
#include "batch/validate.h"
#include "spark/submit_args.h"

/* A JVM repeats within milliseconds; clocks of clients may be wrong by more. */
#define REPEATED_WITHIN_MS (5 * 60 * 1000)

/* The class by which a Python application comes, because clients refuse to send a .py (contract 3.4). */
#define SPARK_SUBMIT_CLASS "org.apache.spark.deploy.SparkSubmit"

static bool
is_known(const char *member)
{
	static const char *const members[] = {
		"action", "appArgs", "appResource", "clientSparkVersion", "environmentVariables", "mainClass",
		"sparkProperties",
	};

	for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
		if (strcmp(members[i], member) == 0)
			return true;
	}
	return false;
}

static void
find_unknown(struct call *call, struct spark_rest_create *create)
{
	create->unknown_fields = arena_own_json(call->arena, json_object_new_array());
	json_object_object_foreach(create->request, member, value) {
		(void)value;
		if (!is_known(member))
			json_object_array_add(create->unknown_fields, json_object_new_string(member));
	}
}

static bool
check_action(struct json_object *request, struct err *err)
{
	const char *action = json_string(request, "action");

	if (action == NULL)
		return err_set(err, ERR_INVALID, "Malformed request: Action field not found in JSON: \"action\" is to be "
			       "\"CreateSubmissionRequest\"");
	return strcmp(action, "CreateSubmissionRequest") == 0 ||
	       err_set(err, ERR_INVALID, "Received message of unexpected type %s.", action);
}

static bool
read_text(struct call *call, struct json_object *request, const char *member, const char **ret_text, struct err *err)
{
	struct json_object *value = json_member(request, member);

	if (value == NULL)
		return err_set(err, ERR_INVALID, "Malformed request: %s is missing", member);
	return body_text(call->arena, member, value, ret_text, err);
}

static bool
read_properties(struct call *call, struct spark_rest_create *create, struct err *err)
{
	struct json_object *properties = json_member(create->request, "sparkProperties");
	struct json_object *variables = json_member(create->request, "environmentVariables");
	struct batch_pairs ignored = { 0 };

	if (properties == NULL)
		return err_set(err, ERR_INVALID, "Malformed request: sparkProperties is missing");
	if (!body_pairs(call->arena, "sparkProperties", properties, &create->order.conf, err))
		return false;
	/*
	 * SPARK_... of the submitting machine: recorded, and not given to the driver, whose image has its own. What a driver
	 * is to see has a property, spark.kubernetes.driverEnv.NAME.
	 */
	return variables == NULL || body_pairs(call->arena, "environmentVariables", variables, &ignored, err);
}

/* ---- properties that say how it was submitted ---- */

static bool
take_deploy_mode(struct batch_pairs *conf, struct err *err)
{
	const char *mode = batch_pairs_take(conf, "spark.submit.deployMode");

	batch_pairs_take(conf, "spark.master.rest.enabled");
	return mode == NULL || strcmp(mode, "cluster") == 0 ||
	       err_set(err, ERR_INVALID, "sparkProperties.spark.submit.deployMode: '%s' cannot be served: submit with "
		       "--deploy-mode cluster", mode);
}

static bool
take_supervise(struct batch_order *order, struct err *err)
{
	const char *supervise = batch_pairs_take(&order->conf, "spark.driver.supervise");

	order->supervise = supervise != NULL && strcasecmp(supervise, "true") == 0;
	return supervise == NULL || order->supervise || strcasecmp(supervise, "false") == 0 ||
	       err_set(err, ERR_INVALID, "sparkProperties.spark.driver.supervise: '%s' is neither true nor false", supervise);
}

static bool
parse_cores(const char *key, const char *text, long *ret_cores, struct err *err)
{
	char *end;

	errno = 0;
	*ret_cores = strtol(text, &end, 10);
	return (errno == 0 && end != text && *end == '\0' && *ret_cores >= 1 && *ret_cores <= INT32_MAX) ||
	       err_set(err, ERR_INVALID, "sparkProperties.%s: '%s' is not a whole number from 1", key, text);
}

/*
 * --total-executor-cores: as many executors of spark.executor.cores each as fit into it. Kubernetes has no executor that
 * takes what a machine has, so without that key each has one core.
 */
static bool
take_total_cores(struct batch_order *order, struct err *err)
{
	const char *total_text = batch_pairs_take(&order->conf, "spark.cores.max");
	const char *each_text = batch_pairs_get(&order->conf, "spark.executor.cores");
	long total, each = 1;

	if (total_text == NULL)
		return true;
	if (!parse_cores("spark.cores.max", total_text, &total, err) ||
	    (each_text != NULL && !parse_cores("spark.executor.cores", each_text, &each, err)))
		return false;
	if (batch_pairs_get(&order->conf, "spark.executor.instances") == NULL)
		order->executors_count = (int)(total / each > 0 ? total / each : 1);
	return true;
}

/* The client puts the primary resource at the end of the list; as an application file it has its own place. */
static void
take_primary_jar(struct call *call, struct batch_order *order)
{
	const char *jars = batch_pairs_get(&order->conf, "spark.jars");
	size_t file_size = strlen(order->file), rest;

	if (jars == NULL || strlen(jars) < file_size)
		return;
	rest = strlen(jars) - file_size;
	if (strcmp(jars + rest, order->file) != 0 || (rest > 0 && jars[rest - 1] != ','))
		return;
	for (size_t i = 0; i < order->conf.count; i++) {
		if (order->conf.items[i].value == jars)
			order->conf.items[i].value = arena_strndup(call->arena, jars, rest > 0 ? rest - 1 : 0);
	}
}

/*
 * The name is shown, and several may have one. One of digits only would be an id in Livy's paths; the request has it
 * still.
 */
static void
take_name(struct batch_order *order)
{
	const char *name = batch_pairs_take(&order->conf, "spark.app.name");

	if (name != NULL && name[strspn(name, "0123456789")] != '\0' && strcmp(name, SPARK_SUBMIT_CLASS) != 0)
		order->name = name;
}

/* ---- the application ---- */

/* Over those that there are: what a command line says is said by whoever wrote it. */
static void
lay_over(struct call *call, struct batch_pairs *conf, const struct spark_conf *more)
{
	struct batch_pair *items = arena_alloc(call->arena, (conf->count + more->count) * sizeof(*items) + 1);
	size_t count = 0;

	for (size_t i = 0; i < conf->count; i++) {
		if (spark_conf_get(more, conf->items[i].key) == NULL)
			items[count++] = conf->items[i];
	}
	for (size_t i = 0; i < more->count; i++)
		items[count++] = (struct batch_pair){ more->items[i].key, more->items[i].value };
	*conf = (struct batch_pairs){ items, count };
}

/* appArgs is a spark-submit command line: options, then the main file, then its arguments. */
static bool
read_command_line(struct call *call, struct json_object *args, struct batch_order *order, struct err *err)
{
	struct spark_submission submission = { 0 };

	order->args = (struct batch_strings){ 0 };
	if (!spark_submit_args_read(call->arena, args, &submission, err))
		return err_set(err, ERR_INVALID, "appArgs: %s", arena_strdup(call->arena, err->msg));
	if (!body_strings(call->arena, "appArgs", submission.args, true, &order->args, err))
		return false;
	order->file = submission.main_file;
	order->class_name = submission.main_class;
	order->proxy_user = submission.proxy_user;
	lay_over(call, &order->conf, &submission.conf);
	return true;
}

static bool
read_application(struct call *call, struct spark_rest_create *create, struct err *err)
{
	struct json_object *args = json_member(create->request, "appArgs");
	struct batch_order *order = &create->order;

	if (!read_text(call, create->request, "appResource", &order->file, err) ||
	    !read_text(call, create->request, "mainClass", &order->class_name, err) ||
	    (args != NULL && !body_strings(call->arena, "appArgs", args, true, &order->args, err)))
		return false;
	if (strcmp(order->class_name, SPARK_SUBMIT_CLASS) != 0)
		return true;
	return args != NULL ? read_command_line(call, args, order, err)
			    : err_set(err, ERR_INVALID, "appArgs: with the main class " SPARK_SUBMIT_CLASS " they are a "
				      "spark-submit command line: options, the main file, its arguments");
}

/* ---- a request that came twice ---- */

/* FNV-1a, 64 bits: whoever has the same key with another body is told so, and never gets another's batch. */
static uint64_t
hash(const char *bytes, size_t size_bytes)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size_bytes; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	return hash;
}

/*
 * Two submissions of a real client differ in their spark.app.submitTime; what has none, or an old one, was written by
 * hand or is played from a record, and is meant to run again.
 */
static const char *
take_repeat_key(struct call *call, struct batch_pairs *conf)
{
	const char *text = batch_pairs_take(conf, "spark.app.submitTime");
	int64_t age_ms;
	char *end;

	if (text == NULL)
		return NULL;
	errno = 0;
	age_ms = clock_wall_us() / 1000 - strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || age_ms > REPEATED_WITHIN_MS || age_ms < -REPEATED_WITHIN_MS)
		return NULL;
	return arena_printf(call->arena, "spark-rest %s %016" PRIx64, text,
			    hash(call->request->body, call->request->body_size_bytes));
}

/*
 * Whoever runs a spark-submit again sends another time, and from another container other SPARK_... variables: neither
 * changes what runs.
 */
static struct json_object *
without_circumstances(struct call *call, struct json_object *request)
{
	struct json_object *copy = NULL;

	if (json_object_deep_copy(request, &copy, NULL) != 0)
		return request;
	arena_own_json(call->arena, copy);
	json_object_object_del(copy, "environmentVariables");
	json_object_object_del(json_member(copy, "sparkProperties"), "spark.app.submitTime");
	return copy;
}

bool
spark_rest_parse_create(struct call *call, struct spark_rest_create *ret_create, struct err *err)
{
	struct batch_order *order = &ret_create->order;

	*ret_create = (struct spark_rest_create){ .order = { .executors_count = -1 } };
	if (!body_object(call, &ret_create->request, err) || !check_action(ret_create->request, err) ||
	    !read_text(call, ret_create->request, "clientSparkVersion", &ret_create->client_version, err) ||
	    !read_properties(call, ret_create, err) || !read_application(call, ret_create, err) ||
	    !body_check_keys(call, err) || !take_deploy_mode(&order->conf, err) || !take_supervise(order, err) ||
	    !take_total_cores(order, err))
		return false;
	take_primary_jar(call, order);
	take_name(order);
	ret_create->repeat_key = take_repeat_key(call, &order->conf);
	ret_create->meant = without_circumstances(call, ret_create->request);
	find_unknown(call, ret_create);
	return true;
}
