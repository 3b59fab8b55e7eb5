/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "spark/submit_args.h"

#define WORDS_MAX 16
#define KUBERNETES "--master", "k8s://https://api:6443", "--deploy-mode", "cluster"

static bool
read_words(struct arena *arena, const char *const *words, struct spark_submission *ret_submission, struct err *err)
{
	struct json_object *args = arena_own_json(arena, json_object_new_array());

	for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
		json_object_array_add(args, json_object_new_string(words[i]));
	return spark_submit_args(arena, args, ret_submission, err);
}

static void
each_way_to_set_a_property_is_read(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *key;
		const char *value;      /* NULL: not set */
	} rows[] = {
		{ { KUBERNETES, "--conf", "spark.a=1", "x.jar" }, "spark.a", "1" },
		{ { KUBERNETES, "--conf=spark.a=1", "x.jar" }, "spark.a", "1" },
		{ { KUBERNETES, "-c", "spark.a=1", "x.jar" }, "spark.a", "1" },
		{ { KUBERNETES, "--conf", "spark.a=", "x.jar" }, "spark.a", "" },
		{ { KUBERNETES, "--conf", "spark.a=b=c", "x.jar" }, "spark.a", "b=c" },
		{ { KUBERNETES, "--conf", "spark.a=1", "--conf", "spark.a=2", "x.jar" }, "spark.a", "2" },
		{ { KUBERNETES, "--conf", "other.a=1", "x.jar" }, "other.a", NULL },
		{ { KUBERNETES, "x.jar", "--conf", "spark.a=1" }, "spark.a", NULL },
		{ { KUBERNETES, "--archives", "v", "x.jar" }, "spark.archives", "v" },
		{ { KUBERNETES, "--driver-class-path", "v", "x.jar" }, "spark.driver.extraClassPath", "v" },
		{ { KUBERNETES, "--driver-cores", "2", "x.jar" }, "spark.driver.cores", "2" },
		{ { KUBERNETES, "--driver-java-options", "-Da=b", "x.jar" }, "spark.driver.extraJavaOptions", "-Da=b" },
		{ { KUBERNETES, "--driver-library-path=v", "x.jar" }, "spark.driver.extraLibraryPath", "v" },
		{ { KUBERNETES, "--driver-memory", "2g", "x.jar" }, "spark.driver.memory", "2g" },
		{ { KUBERNETES, "--exclude-packages", "v", "x.jar" }, "spark.jars.excludes", "v" },
		{ { KUBERNETES, "--executor-cores", "2", "x.jar" }, "spark.executor.cores", "2" },
		{ { KUBERNETES, "--executor-memory", "2g", "x.jar" }, "spark.executor.memory", "2g" },
		{ { KUBERNETES, "--files", "v", "x.jar" }, "spark.files", "v" },
		{ { KUBERNETES, "--jars", "v", "x.jar" }, "spark.jars", "v" },
		{ { KUBERNETES, "--num-executors", "3", "x.jar" }, "spark.executor.instances", "3" },
		{ { KUBERNETES, "--packages", "v", "x.jar" }, "spark.jars.packages", "v" },
		{ { KUBERNETES, "--py-files", "v", "x.py" }, "spark.submit.pyFiles", "v" },
		{ { KUBERNETES, "--repositories", "v", "x.jar" }, "spark.jars.repositories", "v" },
		{ { KUBERNETES, "--total-executor-cores", "4", "x.jar" }, "spark.cores.max", "4" },
		{ { KUBERNETES, "--verbose", "--load-spark-defaults", "-v", "--conf", "spark.a=1", "x.jar" }, "spark.a", "1" },
		/* an option wins, wherever it stands */
		{ { KUBERNETES, "--driver-memory", "2g", "--conf", "spark.driver.memory=1g", "x.jar" },
		  "spark.driver.memory", "2g" },
		{ { "--conf", "spark.master=k8s://api", "--conf", "spark.submit.deployMode=cluster", "x.jar" },
		  "spark.master", "k8s://https://api" },
		{ { KUBERNETES, "x.jar" }, "spark.master", "k8s://https://api:6443" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_submission submission = { 0 };
		struct err err = ERR_INIT;

		if (!read_words(*state, rows[i].words, &submission, &err))
			fail_msg("row %zu: %s", i, err.msg);
		assert_text(rows[i].key, spark_conf_get(&submission.conf, rows[i].key), rows[i].value);
	}
}

static void
names_file_class_and_arguments_are_read(void **state)
{
	static const char *const words[] = { KUBERNETES, "--class", "org.example.Main", "--name", "a name", "--proxy-user",
					     "ada", "--conf", "spark.kubernetes.namespace=jobs", "local:///x.jar",
					     "--class", "", NULL };
	struct spark_submission submission = { 0 };
	struct err err = ERR_INIT;

	assert_true(read_words(*state, words, &submission, &err));
	assert_text("class", submission.main_class, "org.example.Main");
	assert_text("name", submission.app_name, "a name");
	assert_text("user", submission.proxy_user, "ada");
	assert_text("namespace", submission.namespace, "jobs");
	assert_text("file", submission.main_file, "local:///x.jar");
	assert_text("arguments", json_text(submission.args), "[\"--class\",\"\"]");
	assert_text("pod", submission.driver_pod, NULL);
}

static void
a_name_is_found_where_none_is_given(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *name;
		const char *namespace;
	} rows[] = {
		{ { KUBERNETES, "--conf", "spark.app.name=by conf", "--class", "C", "local:///a/x.jar" }, "by conf", "default" },
		{ { KUBERNETES, "--class", "org.example.C", "local:///a/x.jar" }, "org.example.C", "default" },
		{ { KUBERNETES, "local:///a/x.py" }, "x.py", "default" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_submission submission = { 0 };
		struct err err = ERR_INIT;

		assert_true(read_words(*state, rows[i].words, &submission, &err));
		assert_text("name", submission.app_name, rows[i].name);
		assert_text("namespace", submission.namespace, rows[i].namespace);
	}
}

static void
what_cannot_be_done_is_refused_by_its_name_with_a_remedy(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *part;
		const char *remedy;
	} rows[] = {
		{ { NULL }, "main file", "after the options" },
		{ { KUBERNETES }, "main file", "after the options" },
		{ { KUBERNETES, "--name" }, "--name", "value is missing" },
		{ { KUBERNETES, "--name=" }, "--name", "value is missing" },
		{ { KUBERNETES, "--conf", "spark.a", "x.jar" }, "--conf spark.a", "KEY=VALUE" },
		{ { KUBERNETES, "--no-such", "x.jar" }, "--no-such", "no such option" },
		{ { KUBERNETES, "-x", "x.jar" }, "-x", "no such option" },
		{ { KUBERNETES, "--verbose=yes", "x.jar" }, "--verbose=yes", "takes no value" },
		{ { "--master", "yarn", "--deploy-mode", "cluster", "x.jar" }, "'yarn'", "k8s://" },
		{ { "--deploy-mode", "cluster", "x.jar" }, "--master", "k8s://" },
		{ { "--master", "k8s://a", "x.jar" }, "'client'", "cluster is" },
		{ { "--master", "k8s://a", "--deploy-mode", "client", "x.jar" }, "--deploy-mode", "cluster is" },
		{ { KUBERNETES, "--properties-file", "f", "x.jar" }, "--properties-file", "--conf KEY=VALUE" },
		{ { KUBERNETES, "--queue", "q", "x.jar" }, "--queue", "leave it out" },
		{ { KUBERNETES, "--supervise", "x.jar" }, "--supervise", "restartPolicy" },
		{ { KUBERNETES, "--kill", "id" }, "--kill", "delete" },
		{ { KUBERNETES, "--status", "id" }, "--status", "look at" },
		{ { KUBERNETES, "--version" }, "--version", "leave it out" },
		{ { KUBERNETES, "--remote", "sc://a", "x.jar" }, "--remote", "leave it out" },
		{ { KUBERNETES, "spark-shell" }, "spark-shell", "name a file" },
		{ { KUBERNETES, "--conf", "spark.kubernetes.driver.podTemplateFile=/t", "x.jar" },
		  "spark.kubernetes.driver.podTemplateFile", "driver_pod_template" },
		{ { KUBERNETES, "--conf", "spark.kubernetes.executor.podTemplateFile=/t", "x.jar" },
		  "spark.kubernetes.executor.podTemplateFile", "executor_pod_template" },
		{ { KUBERNETES, "--conf", "spark.kubernetes.authenticate.driver.oauthToken=t", "x.jar" },
		  "spark.kubernetes.authenticate.driver.oauthToken", "serviceAccount" },
		{ { KUBERNETES, "--conf", "spark.kubernetes.authenticate.submission.caCertFile=/f", "x.jar" },
		  "spark.kubernetes.authenticate.submission.caCertFile", "serviceAccount" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct spark_submission submission = { 0 };
		struct err err = ERR_INIT;

		if (read_words(*state, rows[i].words, &submission, &err))
			fail_msg("row %zu was taken: %s", i, rows[i].part);
		assert_number(rows[i].part, err.code, ERR_INVALID);
		assert_contains(rows[i].part, err.msg, rows[i].part);
		assert_contains(rows[i].part, err.msg, rows[i].remedy);
	}
}

static void
a_template_that_came_along_beats_the_property_that_names_a_file(void **state)
{
	static const char *const words[] = { KUBERNETES, "--conf", "spark.kubernetes.driver.podTemplateFile=/t", "--conf",
					     "spark.kubernetes.driver.podTemplateContainerName=mine", "--conf", "spark.z=1",
					     "local:///x.jar", NULL };
	struct spark_submission submission = { .driver_template = arena_own_json(*state, json_object_new_object()) };
	struct err err = ERR_INIT;

	assert_true(read_words(*state, words, &submission, &err));
	assert_text("file", spark_conf_get(&submission.conf, "spark.kubernetes.driver.podTemplateFile"), NULL);
	assert_text("name", spark_conf_get(&submission.conf, "spark.kubernetes.driver.podTemplateContainerName"), NULL);
	assert_text("others", spark_conf_get(&submission.conf, "spark.z"), "1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(each_way_to_set_a_property_is_read),
		unit_test_with_arena(names_file_class_and_arguments_are_read),
		unit_test_with_arena(a_name_is_found_where_none_is_given),
		unit_test_with_arena(what_cannot_be_done_is_refused_by_its_name_with_a_remedy),
		unit_test_with_arena(a_template_that_came_along_beats_the_property_that_names_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
