/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/submit_args.h"

#include <string.h>

#include "base/json.h"

enum option_kind {
	OPTION_PROPERTY,        /* its value is that of a property */
	OPTION_CONF,            /* KEY=VALUE */
	OPTION_CLASS,
	OPTION_PROXY_USER,
	OPTION_NOTHING,         /* a switch that changes nothing here */
	OPTION_REFUSED,
};

struct option {
	const char *name;
	enum option_kind kind;
	const char *text;       /* the property's key, or the remedy of what is refused */
};

#define SUPERVISE "a driver cannot ask for it itself: give it to the spark-submit that submits, or use restartPolicy"
#define ELSEWHERE "this is read on the machine that submits; "

static const struct option options[] = {
	{ "--archives", OPTION_PROPERTY, "spark.archives" },
	{ "--class", OPTION_CLASS, NULL },
	{ "--conf", OPTION_CONF, NULL },
	{ "-c", OPTION_CONF, NULL },
	{ "--deploy-mode", OPTION_PROPERTY, "spark.submit.deployMode" },
	{ "--driver-class-path", OPTION_PROPERTY, "spark.driver.extraClassPath" },
	{ "--driver-cores", OPTION_PROPERTY, "spark.driver.cores" },
	{ "--driver-java-options", OPTION_PROPERTY, "spark.driver.extraJavaOptions" },
	{ "--driver-library-path", OPTION_PROPERTY, "spark.driver.extraLibraryPath" },
	{ "--driver-memory", OPTION_PROPERTY, "spark.driver.memory" },
	{ "--exclude-packages", OPTION_PROPERTY, "spark.jars.excludes" },
	{ "--executor-cores", OPTION_PROPERTY, "spark.executor.cores" },
	{ "--executor-memory", OPTION_PROPERTY, "spark.executor.memory" },
	{ "--files", OPTION_PROPERTY, "spark.files" },
	{ "--jars", OPTION_PROPERTY, "spark.jars" },
	{ "--keytab", OPTION_PROPERTY, "spark.kerberos.keytab" },
	/* there is no spark-defaults.conf here that could be loaded */
	{ "--load-spark-defaults", OPTION_NOTHING, NULL },
	{ "--master", OPTION_PROPERTY, "spark.master" },
	{ "--name", OPTION_PROPERTY, "spark.app.name" },
	{ "--num-executors", OPTION_PROPERTY, "spark.executor.instances" },
	{ "--packages", OPTION_PROPERTY, "spark.jars.packages" },
	{ "--principal", OPTION_PROPERTY, "spark.kerberos.principal" },
	{ "--proxy-user", OPTION_PROXY_USER, NULL },
	{ "--py-files", OPTION_PROPERTY, "spark.submit.pyFiles" },
	{ "--repositories", OPTION_PROPERTY, "spark.jars.repositories" },
	{ "--total-executor-cores", OPTION_PROPERTY, "spark.cores.max" },
	{ "--verbose", OPTION_NOTHING, NULL },
	{ "-v", OPTION_NOTHING, NULL },
	{ "--help", OPTION_REFUSED, "it submits nothing; leave it out" },
	{ "-h", OPTION_REFUSED, "it submits nothing; leave it out" },
	{ "--kill", OPTION_REFUSED, "it submits nothing; delete the SparkApplication or the driver pod" },
	{ "--properties-file", OPTION_REFUSED, ELSEWHERE "give its properties as --conf KEY=VALUE" },
	{ "--queue", OPTION_REFUSED, "it is YARN's and means nothing on Kubernetes; leave it out" },
	{ "--remote", OPTION_REFUSED, "Spark Connect has no cluster mode; leave it out" },
	{ "--status", OPTION_REFUSED, "it submits nothing; look at the SparkApplication or the driver pod" },
	{ "--supervise", OPTION_REFUSED, SUPERVISE },
	{ "--usage-error", OPTION_REFUSED, "it submits nothing; leave it out" },
	{ "--version", OPTION_REFUSED, "it submits nothing; leave it out" },
};

/* One vector on its way. Options beat properties, so they are laid over them at the end. */
struct reading {
	struct arena *arena;
	struct json_object *args;
	size_t next;
	struct spark_submission *submission;
	struct spark_conf by_option;
};

static const char *
arg_at(struct reading *reading, size_t index)
{
	return json_object_get_string(json_object_array_get_idx(reading->args, index));
}

static const struct option *
find_option(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	}
	return NULL;
}

/* What is not Spark's is dropped, as spark-submit does; it warns. */
static bool
set_conf(struct reading *reading, const char *pair, struct err *err)
{
	const char *equals = strchr(pair, '=');

	if (equals == NULL)
		return err_set(err, ERR_INVALID, "--conf %s: KEY=VALUE is wanted", pair);
	if (strncmp(pair, "spark.", 6) == 0)
		spark_conf_set(&reading->submission->conf,
			       arena_strndup(reading->arena, pair, (size_t)(equals - pair)), equals + 1);
	return true;
}

static bool
set_option(struct reading *reading, const struct option *option, const char *value, struct err *err)
{
	switch (option->kind) {
	case OPTION_CONF:
		return set_conf(reading, value, err);
	case OPTION_CLASS:
		reading->submission->main_class = value[0] == '\0' ? NULL : value;
		break;
	case OPTION_PROXY_USER:
		reading->submission->proxy_user = value[0] == '\0' ? NULL : value;
		break;
	case OPTION_PROPERTY:
		spark_conf_set(&reading->by_option, option->text, value);
		break;
	case OPTION_NOTHING:
	case OPTION_REFUSED:
		break;
	}
	return true;
}

/* "--option VALUE" or "--option=VALUE"; a switch has no value. */
static bool
read_option(struct reading *reading, const char *arg, struct err *err)
{
	const char *equals = strncmp(arg, "--", 2) == 0 ? strchr(arg, '=') : NULL;
	const char *name = equals == NULL ? arg : arena_strndup(reading->arena, arg, (size_t)(equals - arg));
	const struct option *option = find_option(name);

	if (option == NULL)
		return err_set(err, ERR_INVALID, "%s: spark-submit has no such option; the application's own arguments "
			       "come after its main file", name);
	if (option->kind == OPTION_REFUSED)
		return err_set(err, ERR_INVALID, "%s: not supported; %s", name, option->text);
	if (option->kind == OPTION_NOTHING)
		return equals == NULL ||
		       err_set(err, ERR_INVALID, "%s: takes no value; leave out what follows %s", arg, name);
	if (equals != NULL && equals[1] != '\0')
		return set_option(reading, option, equals + 1, err);
	if (equals != NULL || reading->next == json_object_array_length(reading->args))
		return err_set(err, ERR_INVALID, "%s: its value is missing", name);
	return set_option(reading, option, arg_at(reading, reading->next++), err);
}

static bool
read_main_file(struct reading *reading, struct err *err)
{
	static const char *const shells[] = { "spark-shell", "pyspark-shell", "sparkr-shell", "connect-shell" };
	struct spark_submission *submission = reading->submission;

	if (reading->next == json_object_array_length(reading->args) || arg_at(reading, reading->next)[0] == '\0')
		return err_set(err, ERR_INVALID, "the main file is missing: it comes after the options");
	submission->main_file = arg_at(reading, reading->next++);
	for (size_t i = 0; i < ARRAY_COUNT(shells); i++) {
		if (strcmp(submission->main_file, shells[i]) == 0)
			return err_set(err, ERR_INVALID, "%s: a shell cannot run in cluster mode; name a file",
				       submission->main_file);
	}
	submission->args = arena_own_json(reading->arena, json_object_new_array());
	for (size_t i = reading->next; i < json_object_array_length(reading->args); i++)
		json_object_array_add(submission->args, json_object_get(json_object_array_get_idx(reading->args, i)));
	return true;
}

/* "k8s://HOST" is meant as https; spark-submit writes it out. */
static bool
read_master(struct reading *reading, struct err *err)
{
	static const char prefix[] = "k8s://";
	struct spark_conf *conf = &reading->submission->conf;
	const char *master = spark_conf_get_or(conf, "spark.master", ""), *address = master + strlen(prefix);
	const char *mode = spark_conf_get_or(conf, "spark.submit.deployMode", "client");

	if (strncmp(master, prefix, strlen(prefix)) != 0)
		return err_set(err, ERR_INVALID, "--master: '%s' is no Kubernetes API server; write k8s://https://HOST:PORT",
			       master);
	if (strcmp(mode, "cluster") != 0)
		return err_set(err, ERR_INVALID, "--deploy-mode: '%s' is not supported, because the driver would run where "
			       "it is submitted; cluster is", mode);
	if (strstr(address, "://") == NULL)
		spark_conf_set(conf, "spark.master", arena_printf(reading->arena, "%shttps://%s", prefix, address));
	return true;
}

/* As spark-submit finds one: by option, by property, from the class, from the file. */
static void
read_name(struct reading *reading)
{
	struct spark_submission *submission = reading->submission;
	const char *slash = strrchr(submission->main_file, '/');

	submission->app_name = spark_conf_get(&submission->conf, "spark.app.name");
	if (submission->app_name == NULL)
		submission->app_name = submission->main_class;
	if (submission->app_name == NULL)
		submission->app_name = slash == NULL ? submission->main_file : slash + 1;
}

/* A pod template comes with the request; a path would be one of a machine that is not this one. */
static bool
check_template(struct reading *reading, const char *role, bool is_given, struct err *err)
{
	static const char *const rests[] = { "podTemplateFile", "podTemplateContainerName" };

	for (size_t i = 0; i < ARRAY_COUNT(rests); i++) {
		const char *key = arena_printf(reading->arena, "spark.kubernetes.%s.%s", role, rests[i]);

		if (spark_conf_get(&reading->submission->conf, key) == NULL)
			continue;
		if (!is_given)
			return err_set(err, ERR_INVALID, "%s: not supported, because " ELSEWHERE "send the template as "
				       "%s_pod_template", key, role);
		spark_conf_remove(&reading->submission->conf, key);
	}
	return true;
}

static bool
check_credentials(const struct spark_conf *conf, struct err *err)
{
	for (size_t i = 0; i < conf->count; i++) {
		if (spark_conf_is_credential(conf->items[i].key))
			return err_set(err, ERR_INVALID, "%s: credentials are not taken from an application; use "
				       "driver.serviceAccount", conf->items[i].key);
	}
	return true;
}

static bool
finish(struct reading *reading, struct err *err)
{
	struct spark_submission *submission = reading->submission;

	if (!read_master(reading, err) || !check_credentials(&submission->conf, err) ||
	    !check_template(reading, "driver", submission->driver_template != NULL, err) ||
	    !check_template(reading, "executor", submission->executor_template != NULL, err))
		return false;
	read_name(reading);
	submission->namespace = spark_conf_get_or(&submission->conf, "spark.kubernetes.namespace", "default");
	submission->driver_pod = spark_conf_get(&submission->conf, "spark.kubernetes.driver.pod.name");
	return true;
}

static bool
read_vector(struct reading *reading, struct err *err)
{
	struct spark_conf *conf = &reading->submission->conf;

	spark_conf_init(conf, reading->arena);
	spark_conf_init(&reading->by_option, reading->arena);
	while (reading->next < json_object_array_length(reading->args) && arg_at(reading, reading->next)[0] == '-') {
		const char *arg = arg_at(reading, reading->next++);

		if (!read_option(reading, arg, err))
			return false;
	}
	for (size_t i = 0; i < reading->by_option.count; i++)
		spark_conf_set(conf, reading->by_option.items[i].key, reading->by_option.items[i].value);
	return read_main_file(reading, err);
}

bool
spark_submit_args_read(struct arena *arena, struct json_object *args, struct spark_submission *submission,
		       struct err *err)
{
	struct reading reading = { .arena = arena, .args = args, .submission = submission };

	return read_vector(&reading, err);
}

bool
spark_submit_args(struct arena *arena, struct json_object *args, struct spark_submission *submission, struct err *err)
{
	struct reading reading = { .arena = arena, .args = args, .submission = submission };

	return read_vector(&reading, err) && finish(&reading, err);
}
