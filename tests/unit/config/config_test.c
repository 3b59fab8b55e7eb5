/* SPDX-License-Identifier: Apache-2.0 */
#include "config_fixture.h"

static void
defaults_count_where_nothing_is_written(void **state)
{
	const struct config *config = fixture_read_well(*state, DATABASE CLUSTER "kube:\nlog: {level: }\nauth: null\n");

	assert_int_equal(config->auth, CONFIG_AUTH_UNSET);
	assert_string_equal(config->database_conninfo, "dbname=x");
	assert_int_equal(config->database_connect_timeout_ms, 2000);
	assert_int_equal(config->database_statement_timeout_ms, 5000);
	assert_int_equal(config->kube_connect_timeout_ms, 2000);
	assert_int_equal(config->kube_request_timeout_ms, 10000);
	assert_int_equal(config->kube_watch_timeout_s, 290);
	assert_int_equal(config->watcher_takeover_ms, 2000);
	assert_int_equal(config->watcher_dispatch_interval_ms, 500);
	assert_int_equal(config->watcher_resync_interval_s, 600);
	assert_int_equal(config->log_archive_max_bytes, 67108864);
	assert_int_equal(config->log_level, LOG_LEVEL_INFO);
	assert_int_equal(config->log_format, LOG_FORMAT_LOGFMT);
	assert_null(config->metrics_shared_file);
	assert_int_equal(config->clusters_count, 1);
	assert_null(config->clusters[0].context);
	assert_false(config->clusters[0].in_cluster);
	assert_null(config->clusters[0].namespace);
	assert_null(config->clusters[0].service_account);
	assert_null(config->clusters[0].image);
	assert_null(config->clusters[0].spark_version);
	assert_int_equal(config->clusters[0].operator_kind, CONFIG_OPERATOR_KUBEFLOW);
	assert_int_equal(config->clusters[0].rules.default_conf_count, 0);
	assert_int_equal(config->clusters[0].rules.enforced_conf_count, 0);
	assert_int_equal(config->clusters[0].running.cluster, CONFIG_NO_LIMIT);
	assert_int_equal(config->clusters[0].waiting.cluster, CONFIG_NO_LIMIT);
	assert_int_equal(config->clusters[0].running.queues_count, 0);
}

static void
what_is_written_counts(void **state)
{
	const struct config *config = fixture_read_well(*state,
		"auth: none\n" DATABASE "kube: {request_timeout_ms: 100, watch_timeout_s: \"3600\"}\n"
		"log: {level: debug, format: json}\nmetrics: {shared_file: /run/m}\n"
		"clusters:\n  b2:\n    in_cluster: True\n    namespace: spark\n    service_account: a.b\n"
		"    image: i\n    spark_version: 4.1\n  a:\n    kubeconfig: kc\n    context: c\n");

	assert_int_equal(config->auth, CONFIG_AUTH_NONE);
	assert_int_equal(config->kube_request_timeout_ms, 100);
	assert_int_equal(config->kube_watch_timeout_s, 3600);
	assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(config->log_format, LOG_FORMAT_JSON);
	assert_string_equal(config->metrics_shared_file, "/run/m");
	assert_true(config->clusters[0].in_cluster);
	assert_null(config->clusters[0].kubeconfig);
	assert_string_equal(config->clusters[0].namespace, "spark");
	assert_string_equal(config->clusters[0].service_account, "a.b");
	assert_string_equal(config->clusters[0].image, "i");
	assert_string_equal(config->clusters[0].spark_version, "4.1");
	assert_string_equal(config->clusters[1].context, "c");
}

static void
builtin_is_another_word_for_the_gateways_own_operator(void **state)
{
	const struct config *config = fixture_read_well(*state, DATABASE
		"clusters:\n  a: {kubeconfig: kc, operator: builtin}\n  b: {kubeconfig: kc, operator: sparkgate}\n"
		"  c: {kubeconfig: kc, operator: auto, batch_scheduler: yunikorn}\n");

	assert_int_equal(config->clusters[0].operator_kind, CONFIG_OPERATOR_SPARKGATE);
	assert_int_equal(config->clusters[1].operator_kind, CONFIG_OPERATOR_SPARKGATE);
	assert_int_equal(config->clusters[2].operator_kind, CONFIG_OPERATOR_AUTO);
	assert_string_equal(config_operator_text(config->clusters[0].operator_kind), "sparkgate");
	assert_null(config_scheduler_text(config->clusters[0].batch_scheduler));
	assert_string_equal(config_scheduler_text(config->clusters[2].batch_scheduler), "yunikorn");
}

static void
clusters_keep_the_order_of_the_file_and_are_found_by_name(void **state)
{
	const struct config *config = fixture_read_well(*state, DATABASE "clusters:\n  b: {kubeconfig: kc}\n"
									 "  a: {kubeconfig: kc}\n");

	assert_int_equal(config->clusters_count, 2);
	assert_string_equal(config->clusters[0].name, "b");
	assert_ptr_equal(config_cluster_find(config, "a"), &config->clusters[1]);
	assert_null(config_cluster_find(config, "c"));
}

static void
clusters_have_weights_queues_and_may_drain(void **state)
{
	const struct config *config = fixture_read_well(*state, DATABASE
		"clusters:\n  a: {kubeconfig: kc}\n  b: {kubeconfig: kc, weight: 1000, queues: [etl, gpu], drain: true}\n");

	assert_int_equal(config->clusters[0].weight, 0);
	assert_int_equal(config->clusters[0].queues_count, 0);
	assert_false(config->clusters[0].drain);
	assert_int_equal(config->clusters[1].weight, 1000);
	assert_int_equal(config->clusters[1].queues_count, 2);
	assert_string_equal(config->clusters[1].queues[1], "gpu");
	assert_true(config->clusters[1].drain);
	assert_int_equal(config->watcher_down_after_s, 15);
}

static void
note_kept(void *context, const char *key)
{
	fixture_note(context, key);
}

static void
what_needs_a_restart_is_kept_and_named(void **state)
{
	struct fixture *fixture = *state;
	struct config old = *fixture_read_well(fixture, DATABASE CLUSTER "watcher: {down_after_s: 20}\n");
	struct config *next = &fixture->config;

	*next = (struct config){ 0 };
	fixture_read_well(fixture, "database: {conninfo: dbname=y, connect_timeout_ms: 100, prepared_statements: false}\n" CLUSTER
				   "metrics: {shared_file: /run/m}\nwatcher: {down_after_s: 30}\n");
	config_keep_fixed(next, &old, note_kept, fixture);
	assert_string_equal(fixture->errors, "database.conninfo\ndatabase.connect_timeout_ms\ndatabase.prepared_statements\n"
			    "metrics.shared_file\n");
	config_release(&old);
	assert_string_equal(next->database_conninfo, "dbname=x");
	assert_int_equal(next->database_connect_timeout_ms, 2000);
	assert_true(next->database_prepared_statements);
	assert_null(next->metrics_shared_file);
	assert_int_equal(next->watcher_down_after_s, 30);
}

static void
another_content_of_a_file_has_another_stamp(void **state)
{
	struct config_stamp none, first, again, longer, replaced;

	(void)state;
	none = config_stamp_of("c.yaml");
	write_file("c.yaml", "a");
	first = config_stamp_of("c.yaml");
	assert_false(config_stamp_equal(&none, &first));
	again = config_stamp_of("c.yaml");
	assert_true(config_stamp_equal(&first, &again));
	write_file("c.yaml", "ab");
	longer = config_stamp_of("c.yaml");
	assert_false(config_stamp_equal(&first, &longer));
	write_file("d.yaml", "ab");
	assert_int_equal(rename("d.yaml", "c.yaml"), 0);
	replaced = config_stamp_of("c.yaml");
	assert_false(config_stamp_equal(&longer, &replaced));
	/* as a mounted config map changes: a link leads elsewhere */
	assert_int_equal(rename("c.yaml", "old.yaml"), 0);
	write_file("new.yaml", "ab");
	assert_int_equal(symlink("old.yaml", "c.yaml"), 0);
	again = config_stamp_of("c.yaml");
	assert_true(config_stamp_equal(&replaced, &again));
	assert_int_equal(unlink("c.yaml"), 0);
	assert_int_equal(symlink("new.yaml", "c.yaml"), 0);
	again = config_stamp_of("c.yaml");
	assert_false(config_stamp_equal(&replaced, &again));
	assert_int_equal(unlink("new.yaml"), 0);
	assert_int_equal(unlink("old.yaml"), 0);
}

static void
conf_values_stay_as_they_were_written(void **state)
{
	const struct config *config = fixture_read_well(*state, DATABASE
		"clusters:\n  default:\n    kubeconfig: kc\n"
		"    default_conf: {spark.a: 0.10, spark.b: yes, spark.c: \"\", spark.d: 1e3}\n"
		"    enforced_conf: {spark.a: \"https://h:1\"}\n");
	const struct config_cluster *cluster = &config->clusters[0];
	static const char *const values[] = { "0.10", "yes", "", "1e3" };

	assert_int_equal(cluster->rules.default_conf_count, ARRAY_COUNT(values));
	for (size_t i = 0; i < ARRAY_COUNT(values); i++)
		assert_string_equal(cluster->rules.default_conf[i].value, values[i]);
	assert_string_equal(cluster->rules.default_conf[2].key, "spark.c");
	assert_int_equal(cluster->rules.enforced_conf_count, 1);
	assert_string_equal(cluster->rules.enforced_conf[0].value, "https://h:1");
}

static void
lists_keep_their_order(void **state)
{
	const struct config *config = fixture_read_well(*state, DATABASE
		"clusters:\n  default:\n    kubeconfig: kc\n    denied_conf: [\"*\"]\n"
		"    allowed_conf:\n      - spark.b.*\n      - spark.a\n");
	const struct config_cluster *cluster = &config->clusters[0];

	assert_int_equal(cluster->rules.denied_conf_count, 1);
	assert_string_equal(cluster->rules.denied_conf[0], "*");
	assert_int_equal(cluster->rules.allowed_conf_count, 2);
	assert_string_equal(cluster->rules.allowed_conf[0], "spark.b.*");
	assert_string_equal(cluster->rules.allowed_conf[1], "spark.a");
	assert_int_equal(cluster->rules.denied_uris_count, 0);
}

static void
limits_are_numbers_by_name(void **state)
{
	const struct config *config;
	const struct config_cluster *cluster;

	setenv("SPARKGATE_CLUSTERS_DEFAULT_MAX_WAITING", "8", 1);
	config = fixture_read_well(*state, DATABASE "clusters:\n  default:\n    kubeconfig: kc\n    max_running: 0\n"
				   "    queue_max_running: {etl: 5, \"*\": 2}\n    user_max_waiting: {\"\": 1}\n");
	unsetenv("SPARKGATE_CLUSTERS_DEFAULT_MAX_WAITING");
	cluster = &config->clusters[0];
	assert_int_equal(cluster->running.cluster, 0);
	assert_int_equal(cluster->waiting.cluster, 8);
	assert_int_equal(cluster->running.queues_count, 2);
	assert_string_equal(cluster->running.queues[0].name, "etl");
	assert_int_equal(cluster->running.queues[0].most, 5);
	assert_string_equal(cluster->running.queues[1].name, "*");
	assert_int_equal(cluster->running.queues[1].most, 2);
	assert_int_equal(cluster->waiting.queues_count, 0);
	assert_int_equal(cluster->running.users_count, 0);
	assert_int_equal(cluster->waiting.users_count, 1);
	assert_string_equal(cluster->waiting.users[0].name, "");
}

static void
relative_paths_begin_beside_the_file_and_a_tilde_at_home(void **state)
{
	struct fixture *fixture = *state;
	char path[128], expected[128], home[128];

	write_file("c.yaml", DATABASE CLUSTER "metrics: {shared_file: ~/m}\n");
	snprintf(path, sizeof(path), "%s/c.yaml", fixture->directory);
	snprintf(expected, sizeof(expected), "%s/kc", fixture->directory);
	snprintf(home, sizeof(home), "%s", getenv("HOME") == NULL ? "" : getenv("HOME"));
	setenv("HOME", "/home/somebody", 1);
	assert_int_equal(chdir("/"), 0);
	if (config_read(&fixture->config, path, fixture_note, fixture) != 0)
		fail_msg("%s", fixture->errors);
	assert_int_equal(chdir(fixture->directory), 0);
	setenv("HOME", home, 1);
	assert_string_equal(fixture->config.clusters[0].kubeconfig, expected);
	assert_string_equal(fixture->config.metrics_shared_file, "/home/somebody/m");
}

static void
the_environment_beats_the_file(void **state)
{
	const struct config *config;

	setenv("SPARKGATE_KUBE_REQUEST_TIMEOUT_MS", "7000", 1);
	setenv("SPARKGATE_CLUSTERS_DEFAULT_NAMESPACE", "other", 1);
	setenv("SPARKGATE_LOG_FORMAT", "json", 1);
	config = fixture_read_well(*state, DATABASE "kube: {request_timeout_ms: 100}\n"
				   "clusters:\n  default: {kubeconfig: kc, namespace: spark}\n"
				   "  b: {kubeconfig: kc, namespace: spark}\n");
	unsetenv("SPARKGATE_KUBE_REQUEST_TIMEOUT_MS");
	unsetenv("SPARKGATE_CLUSTERS_DEFAULT_NAMESPACE");
	unsetenv("SPARKGATE_LOG_FORMAT");
	assert_int_equal(config->kube_request_timeout_ms, 7000);
	assert_string_equal(config->clusters[0].namespace, "other");
	assert_string_equal(config->clusters[1].namespace, "spark");
	assert_int_equal(config->log_format, LOG_FORMAT_JSON);
}

static void
the_environment_alone_can_bring_what_is_required(void **state)
{
	const struct config *config;

	setenv("SPARKGATE_DATABASE_CONNINFO", "dbname=env", 1);
	setenv("SPARKGATE_CLUSTERS_DEFAULT_IN_CLUSTER", "true", 1);
	config = fixture_read_well(*state, "clusters:\n  default:\n");
	unsetenv("SPARKGATE_DATABASE_CONNINFO");
	unsetenv("SPARKGATE_CLUSTERS_DEFAULT_IN_CLUSTER");
	assert_string_equal(config->database_conninfo, "dbname=env");
	assert_true(config->clusters[0].in_cluster);
}

static void
an_empty_variable_takes_the_value_of_the_file_away(void **state)
{
	const struct config *config;

	setenv("SPARKGATE_CLUSTERS_DEFAULT_KUBECONFIG", "", 1);
	setenv("SPARKGATE_KUBE_WATCH_TIMEOUT_S", "", 1);
	config = fixture_read_well(*state, DATABASE "kube: {watch_timeout_s: 5}\n"
				   "clusters: {default: {kubeconfig: nowhere, in_cluster: true}}\n");
	unsetenv("SPARKGATE_CLUSTERS_DEFAULT_KUBECONFIG");
	unsetenv("SPARKGATE_KUBE_WATCH_TIMEOUT_S");
	assert_null(config->clusters[0].kubeconfig);
	assert_int_equal(config->kube_watch_timeout_s, 290);
}

static void
other_variables_of_ours_are_nobodys_error(void **state)
{
	setenv("SPARKGATE_SLOT", "1", 1);
	setenv("SPARKGATE_NO_SUCH_KEY", "1", 1);
	fixture_read_well(*state, DATABASE CLUSTER);
	unsetenv("SPARKGATE_SLOT");
	unsetenv("SPARKGATE_NO_SUCH_KEY");
}

static void
the_file_is_the_one_given_else_the_variables_else_the_built_in(void **state)
{
	(void)state;
	setenv("SPARKGATE_CONFIG", "/from/variable", 1);
	assert_string_equal(config_path("/given"), "/given");
	assert_string_equal(config_path(NULL), "/from/variable");
	setenv("SPARKGATE_CONFIG", "", 1);
	assert_non_null(strstr(config_path(NULL), "/sparkgate/sparkgate.yaml"));
	unsetenv("SPARKGATE_CONFIG");
	assert_non_null(strstr(config_path(NULL), "/sparkgate/sparkgate.yaml"));
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_free)
	static const struct CMUnitTest tests[] = {
		CASE(defaults_count_where_nothing_is_written),
		CASE(what_is_written_counts),
		CASE(builtin_is_another_word_for_the_gateways_own_operator),
		CASE(clusters_keep_the_order_of_the_file_and_are_found_by_name),
		CASE(clusters_have_weights_queues_and_may_drain),
		CASE(what_needs_a_restart_is_kept_and_named),
		CASE(another_content_of_a_file_has_another_stamp),
		CASE(conf_values_stay_as_they_were_written),
		CASE(lists_keep_their_order),
		CASE(limits_are_numbers_by_name),
		CASE(relative_paths_begin_beside_the_file_and_a_tilde_at_home),
		CASE(the_environment_beats_the_file),
		CASE(the_environment_alone_can_bring_what_is_required),
		CASE(an_empty_variable_takes_the_value_of_the_file_away),
		CASE(other_variables_of_ours_are_nobodys_error),
		CASE(the_file_is_the_one_given_else_the_variables_else_the_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
