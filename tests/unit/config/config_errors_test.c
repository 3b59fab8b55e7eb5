/* SPDX-License-Identifier: Apache-2.0 */
#include "config_fixture.h"

#define WHOLE DATABASE CLUSTER  /* lines 1 and 2; a case begins at line 3 */
#define IN_DEFAULT(members) DATABASE "clusters:\n  default:\n    kubeconfig: kc\n" members

static const struct {
	const char *text;
	const char *error;      /* the only one */
} file_cases[] = {
	/* keys that do not exist */
	{ WHOLE "auht: none\n", "c.yaml:3: auht: unknown key; did you mean \"auth\"?" },
	{ WHOLE "datbase: {}\n", "c.yaml:3: datbase: unknown key; did you mean \"database\"?" },
	{ WHOLE "cluster: {}\n", "c.yaml:3: cluster: unknown key; did you mean \"clusters\"?" },
	{ WHOLE "level: info\n", "c.yaml:3: level: unknown key; did you mean \"log.level\"?" },
	{ WHOLE "kube:\n  request_timeout: 5\n",
	  "c.yaml:4: kube.request_timeout: unknown key; did you mean \"kube.request_timeout_ms\"?" },
	{ WHOLE "kube.watch_timeout_s: 5\n",
	  "c.yaml:3: kube.watch_timeout_s: a key has no dots in the file; write \"watch_timeout_s\" below \"kube:\"" },
	{ WHOLE "wholly_different: 1\n", "c.yaml:3: wholly_different: unknown key; sparkgate.conf(5) lists all keys" },
	{ WHOLE "? 0123456789012345678901234567890123456789012345678901234567890123456789\n",
	  "c.yaml:3: 0123456789012345678901234567890123456789012345678901234567890123456789: unknown key; "
	  "sparkgate.conf(5) lists all keys" },
	{ IN_DEFAULT("    name_space: x\n"),
	  "c.yaml:5: clusters.default.name_space: unknown key; did you mean \"namespace\"?" },
	{ IN_DEFAULT("    wholly_different: x\n"),
	  "c.yaml:5: clusters.default.wholly_different: unknown key; sparkgate.conf(5) lists the keys of a cluster" },
	/* keys written twice */
	{ WHOLE "auth: none\nauth: none\n", "c.yaml:4: auth: written twice, first in line 3; join them" },
	{ WHOLE "log: {level: info,\n  level: info}\n", "c.yaml:4: log.level: written twice, first in line 3; remove "
	  "one" },
	{ IN_DEFAULT("    image: a\n    image: a\n"),
	  "c.yaml:6: clusters.default.image: written twice, first in line 5; remove one" },
	{ IN_DEFAULT("  default:\n    kubeconfig: kc\n"),
	  "c.yaml:5: clusters.default: written twice, first in line 3; remove one" },
	{ IN_DEFAULT("    default_conf:\n      spark.a: 1\n      spark.a: 1\n"),
	  "c.yaml:7: clusters.default.default_conf.spark.a: written twice, first in line 6; remove one" },
	{ WHOLE "roles: {a: b}\nauth: none\nroles: {b: c}\n", "c.yaml:5: roles: written twice, first in line 3; join them" },
	/* wrong types */
	{ WHOLE "kube: 5\n", "c.yaml:3: kube: must be a mapping; write its keys below it, indented" },
	{ WHOLE "auth: [none]\n", "c.yaml:3: auth: a list, but it must be one text" },
	{ WHOLE "kube: {watch_timeout_s: {a: 1}}\n",
	  "c.yaml:3: kube.watch_timeout_s: a mapping, but it must be a whole number" },
	{ WHOLE "kube: {watch_timeout_s: 5s}\n",
	  "c.yaml:3: kube.watch_timeout_s: \"5s\" is no whole number; write one from 5 to 3600 (seconds)" },
	{ WHOLE "kube: {watch_timeout_s: -5}\n",
	  "c.yaml:3: kube.watch_timeout_s: \"-5\" is no whole number; write one from 5 to 3600 (seconds)" },
	{ WHOLE "kube: {watch_timeout_s: 7.5}\n",
	  "c.yaml:3: kube.watch_timeout_s: \"7.5\" is no whole number; write one from 5 to 3600 (seconds)" },
	{ IN_DEFAULT("    in_cluster: maybe\n"),
	  "c.yaml:5: clusters.default.in_cluster: \"maybe\" is neither true nor false; write one of them" },
	{ DATABASE "clusters: {default: kc}\n", "c.yaml:2: clusters.default: must be a mapping of the cluster's keys" },
	{ DATABASE "clusters: [kc]\n",
	  "c.yaml:2: clusters: must be a mapping of names to clusters, e.g. default: {kubeconfig: FILE}" },
	{ IN_DEFAULT("    default_conf: x\n"), "c.yaml:5: clusters.default.default_conf: a single value, but it must "
	  "be a mapping, one \"name: value\" a line below it" },
	{ IN_DEFAULT("    default_conf: {spark: {a: 1}}\n"),
	  "c.yaml:5: clusters.default.default_conf.spark: a mapping, but each has one value; write the whole name, "
	  "dots included, and its value in one line" },
	{ IN_DEFAULT("    enforced_conf: {spark.a: [1]}\n"),
	  "c.yaml:5: clusters.default.enforced_conf.spark.a: a list, but each has one value; write the whole name, "
	  "dots included, and its value in one line" },
	{ IN_DEFAULT("    default_conf:\n      spark.a:\n"),
	  "c.yaml:6: clusters.default.default_conf.spark.a: has no value; write one (\"\" for an empty text)" },
	{ IN_DEFAULT("    weight: 1001\n"), "c.yaml:5: clusters.default.weight: 1001 is out of range; write a number from 0 to 1000 "
	  "(parts)" },
	{ IN_DEFAULT("    queues: etl\n"), "c.yaml:5: clusters.default.queues: a single value, but it must be a list, one \"- text\" "
	  "a line below it" },
	{ IN_DEFAULT("    drain: soon\n"), "c.yaml:5: clusters.default.drain: \"soon\" is neither true nor false; write one of them" },
	{ IN_DEFAULT("    denied_conf: spark.a\n"), "c.yaml:5: clusters.default.denied_conf: a single value, but it must "
	  "be a list, one \"- text\" a line below it" },
	{ IN_DEFAULT("    denied_conf: {spark.a: 1}\n"), "c.yaml:5: clusters.default.denied_conf: a mapping, but it must "
	  "be a list, one \"- text\" a line below it" },
	{ IN_DEFAULT("    denied_uris:\n      - \"http://*\"\n      - [x]\n"),
	  "c.yaml:7: clusters.default.denied_uris: each member is one text; write it behind a \"- \"" },
	{ IN_DEFAULT("    allowed_uris: [\"\"]\n"),
	  "c.yaml:5: clusters.default.allowed_uris: each member is one text; write it behind a \"- \"" },
	{ IN_DEFAULT("    roles: [a]\n"), "c.yaml:5: clusters.default.roles: a list, but it must be a mapping of roles to what they "
	  "get and may have" },
	{ IN_DEFAULT("    roles:\n      a: x\n") "roles: {a: u}\n", "c.yaml:6: clusters.default.roles.a: must be a mapping, e.g. {allowed_conf: "
	  "[\"spark.sql.*\"]}" },
	{ IN_DEFAULT("    roles:\n      a: {image: x}\n") "roles: {a: u}\n", "c.yaml:6: clusters.default.roles.a.image: no key of a role; it has "
	  "default_conf, enforced_conf, allowed_conf, denied_conf, allowed_uris and denied_uris" },
	{ IN_DEFAULT("    roles:\n      a: {denied_conf: x}\n") "roles: {a: u}\n", "c.yaml:6: clusters.default.roles.a.denied_conf: a single "
	  "value, but it must be a list, one \"- text\" a line below it" },
	{ IN_DEFAULT("    roles: {nobodys: {denied_conf: [x]}}\n"), "c.yaml:5: clusters.default.roles.nobodys: there is no such role; "
	  "write who has it below \"roles:\" at the top, e.g. nobodys: \"ann, etl-*\"" },
	{ IN_DEFAULT("    images: {\"4\": i}\n"), "c.yaml:5: clusters.default.images.4: \"4\" will not do; write a version of "
	  "Spark such as 3.5 or 4.0.1, in quotes" },
	{ IN_DEFAULT("    images: {\"4.0.\": i}\n"), "c.yaml:5: clusters.default.images.4.0.: \"4.0.\" will not do; write a "
	  "version of Spark such as 3.5 or 4.0.1, in quotes" },
	{ IN_DEFAULT("    images: {latest: i}\n"), "c.yaml:5: clusters.default.images.latest: \"latest\" will not do; write a "
	  "version of Spark such as 3.5 or 4.0.1, in quotes" },
	{ IN_DEFAULT("    max_running: [1]\n"), "c.yaml:5: clusters.default.max_running: a list, but it must be a whole number" },
	{ IN_DEFAULT("    max_running: many\n"), "c.yaml:5: clusters.default.max_running: \"many\" is no whole number; write "
	  "one from 0 to 1000000 (batches)" },
	{ IN_DEFAULT("    queue_max_running: 5\n"), "c.yaml:5: clusters.default.queue_max_running: a single value, but it must "
	  "be names and numbers, one \"name: number\" a line below it" },
	{ IN_DEFAULT("    queue_max_running:\n      etl: 5\n      \"*\": few\n"), "c.yaml:7: clusters.default.queue_max_running.*: "
	  "\"few\" is no whole number; write one from 0 to 1000000 (batches)" },
	{ IN_DEFAULT("    user_max_running:\n      ann: {a: 1}\n"), "c.yaml:6: clusters.default.user_max_running.ann: a mapping, "
	  "but each has one value; write the whole name, dots included, and its value in one line" },
	{ IN_DEFAULT("    user_max_waiting:\n      ann:\n"),
	  "c.yaml:6: clusters.default.user_max_waiting.ann: has no value; write one" },
	{ IN_DEFAULT("    queue_max_waiting:\n      etl: 1\n      etl: 2\n"),
	  "c.yaml:7: clusters.default.queue_max_waiting.etl: written twice, first in line 6; remove one" },
	/* values that are out of range or unknown */
	{ IN_DEFAULT("    max_waiting: 1000001\n"), "c.yaml:5: clusters.default.max_waiting: 1000001 is out of range; write a "
	  "number from 0 to 1000000 (batches)" },
	{ IN_DEFAULT("    user_max_running: {ann: -1}\n"), "c.yaml:5: clusters.default.user_max_running.ann: \"-1\" is no whole "
	  "number; write one from 0 to 1000000 (batches)" },
	{ WHOLE "kube: {watch_timeout_s: 4}\n",
	  "c.yaml:3: kube.watch_timeout_s: 4 is out of range; write a number from 5 to 3600 (seconds)" },
	{ WHOLE "watcher: {takeover_ms: 8001}\n",
	  "c.yaml:3: watcher.takeover_ms: 8001 is out of range; write a number from 100 to 8000 (milliseconds)" },
	{ WHOLE "watcher: {takeover_ms: 99999999999999999999}\n", "c.yaml:3: watcher.takeover_ms: "
	  "99999999999999999999 is out of range; write a number from 100 to 8000 (milliseconds)" },
	{ WHOLE "proxy_users:\n  airflow: \"\"\n", "c.yaml:4: proxy_users.airflow: \"\" will not do; write users, or patterns of "
	  "users such as \"etl-*\", with commas between" },
	{ WHOLE "proxy_users:\n  \", \": bob\n", "c.yaml:4: proxy_users., : \", \" will not do; write users, or patterns of "
	  "users such as \"etl-*\", with commas between" },
	{ WHOLE "proxy_users:\n  airflow: [bob, ann]\n", "c.yaml:4: proxy_users.airflow: a list, but each has one value; write "
	  "the whole name, dots included, and its value in one line" },
	{ IN_DEFAULT("    file_mappings: {/data: \"s3a://b/\"}\n"), "c.yaml:5: clusters.default.file_mappings./data: \"/data\" will "
	  "not do; write a directory with a \"/\" at its end, such as \"/data/\" or \"file:/data/\", or \"\" for all relative "
	  "paths" },
	{ IN_DEFAULT("    file_mappings: {\"s3a://a/\": \"s3a://b/\"}\n"), "c.yaml:5: clusters.default.file_mappings.s3a://a/: "
	  "\"s3a://a/\" will not do; write a directory with a \"/\" at its end, such as \"/data/\" or \"file:/data/\", or \"\" "
	  "for all relative paths" },
	{ IN_DEFAULT("    file_mappings: {\"/a/../\": \"s3a://b/\"}\n"), "c.yaml:5: clusters.default.file_mappings./a/../: "
	  "\"/a/../\" will not do; write a directory with a \"/\" at its end, such as \"/data/\" or \"file:/data/\", or \"\" "
	  "for all relative paths" },
	{ IN_DEFAULT("    file_mappings:\n      \"\": /jobs/\n"), "c.yaml:6: clusters.default.file_mappings.: \"/jobs/\" will not "
	  "do; write an address with a \"/\" at its end that drivers can reach, e.g. \"s3a://bucket/jobs/\" or "
	  "\"local:///opt/jobs/\"" },
	{ IN_DEFAULT("    file_mappings: {/a/: \"s3a://b\"}\n"), "c.yaml:5: clusters.default.file_mappings./a/: \"s3a://b\" will not "
	  "do; write an address with a \"/\" at its end that drivers can reach, e.g. \"s3a://bucket/jobs/\" or "
	  "\"local:///opt/jobs/\"" },
	{ IN_DEFAULT("    service_accounts: {ann: Spark}\n"), "c.yaml:5: clusters.default.service_accounts.ann: \"Spark\" will "
	  "not do; write a DNS name: labels of a-z, 0-9 and \"-\" joined by dots, 253 bytes at most" },
	{ IN_DEFAULT("    service_accounts: {ann: \"-{user}\"}\n"), "c.yaml:5: clusters.default.service_accounts.ann: \"-{user}\" "
	  "will not do; write a service account, or e.g. \"spark-{user}\", which has {user} once and is a DNS label with a "
	  "user's name in its place" },
	{ IN_DEFAULT("    service_accounts: {ann: \"{user}{user}\"}\n"), "c.yaml:5: clusters.default.service_accounts.ann: "
	  "\"{user}{user}\" will not do; write a service account, or e.g. \"spark-{user}\", which has {user} once and is a DNS "
	  "label with a user's name in its place" },
	{ WHOLE "auth: basic\n", "c.yaml:3: auth: unknown value \"basic\"; write unset, none or proxy" },
	{ WHOLE "log: {level: loud}\n",
	  "c.yaml:3: log.level: unknown value \"loud\"; write error, warning, info or debug" },
	{ IN_DEFAULT("    operator: spark\n"),
	  "c.yaml:5: clusters.default.operator: unknown value \"spark\"; write kubeflow, sparkgate, apache, auto or builtin" },
	/* names that Kubernetes would refuse */
	{ IN_DEFAULT("    namespace: Spark\n"), "c.yaml:5: clusters.default.namespace: \"Spark\" will not do; write "
	  "a DNS label: 1 to 63 of a-z, 0-9 and \"-\", with no \"-\" at either end" },
	{ IN_DEFAULT("    namespace: a.b\n"), "c.yaml:5: clusters.default.namespace: \"a.b\" will not do; write a DNS "
	  "label: 1 to 63 of a-z, 0-9 and \"-\", with no \"-\" at either end" },
	{ IN_DEFAULT("    service_account: a..b\n"), "c.yaml:5: clusters.default.service_account: \"a..b\" will not "
	  "do; write a DNS name: labels of a-z, 0-9 and \"-\" joined by dots, 253 bytes at most" },
	{ IN_DEFAULT("    image: a b\n"),
	  "c.yaml:5: clusters.default.image: \"a b\" will not do; write one word without spaces" },
	{ DATABASE "clusters: {a-b: {kubeconfig: kc}}\n", "c.yaml:2: clusters.a-b: bad name of a cluster, it stands in "
	  "paths and labels; write a name of 1 to 31 of a-z and 0-9 that begins with a letter" },
	{ DATABASE "clusters: {a2345678901234567890123456789012: {kubeconfig: kc}}\n",
	  "c.yaml:2: clusters.a2345678901234567890123456789012: bad name of a cluster, it stands in paths and "
	  "labels; write a name of 1 to 31 of a-z and 0-9 that begins with a letter" },
	/* what is missing or contradicts itself */
	{ CLUSTER, "c.yaml:1: database.conninfo: missing; write libpq's connection string, e.g. \"host=/run/postgresql "
	  "dbname=sparkgate\", or set SPARKGATE_DATABASE_CONNINFO" },
	{ CLUSTER "database:\n  conninfo: \"\"\n", "c.yaml:2: database.conninfo: missing; write libpq's connection "
	  "string, e.g. \"host=/run/postgresql dbname=sparkgate\", or set SPARKGATE_DATABASE_CONNINFO" },
	{ DATABASE, "c.yaml:1: clusters: no cluster; write at least one, e.g. default: {kubeconfig: FILE}" },
	{ DATABASE "clusters: {}\n", "c.yaml:2: clusters: no cluster; write at least one, e.g. default: {kubeconfig: "
	  "FILE}" },
	{ DATABASE "clusters: {a: {image: i}}\n",
	  "c.yaml:2: clusters.a: neither \"kubeconfig\" nor \"in_cluster: true\"; write one of them" },
	{ IN_DEFAULT("    in_cluster: true\n"), "c.yaml:5: clusters.default.in_cluster: true although \"kubeconfig\" "
	  "is set as well; remove one of them" },
	{ DATABASE "clusters: {a: {in_cluster: true, context: c}}\n",
	  "c.yaml:2: clusters.a.in_cluster: a context needs a kubeconfig, and in_cluster has none; remove one of "
	  "them" },
	{ DATABASE "clusters: {a: {kubeconfig: nowhere}}\n", "c.yaml:2: clusters.a.kubeconfig: nowhere cannot be "
	  "read: No such file or directory; name a file that this user can read" },
	{ WHOLE "submitter: {cluster: other}\n", "c.yaml:3: submitter.cluster: there is no cluster \"other\"; write the "
	  "name of one below \"clusters:\", e.g. default" },
	{ WHOLE "submitter: {cluster: default}\n", "c.yaml:3: submitter.cluster: clusters.default.spark_version is "
	  "missing, and the pods depend on it; write the version of the Spark images, e.g. \"4.0.0\"" },
	{ WHOLE "submitter: {clusters: default}\n",
	  "c.yaml:3: submitter.clusters: unknown key; did you mean \"submitter.cluster\"?" },
	/* no configuration at all */
	{ "auth: [\n", "c.yaml:2: no YAML: while parsing a flow node, did not find expected node content (column 1)" },
	{ "[1]\n", "c.yaml:1: (file): must be a mapping of keys, as in sparkgate.conf(5)" },
};

static void
an_error_in_the_file_is_told_with_its_line_and_remedy(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(file_cases); i++) {
		size_t errors_count = fixture_read(fixture, file_cases[i].text);
		char expected[1024];

		snprintf(expected, sizeof(expected), "%s\n", file_cases[i].error);
		assert_string_equal(fixture->errors, expected);
		assert_int_equal(errors_count, 1);
	}
}

static const struct {
	const char *variable;
	const char *value;
	const char *error;
} variable_cases[] = {
	{ "SPARKGATE_AUTH", "basic", "environment variable SPARKGATE_AUTH: auth: unknown value \"basic\"; write "
	  "unset, none or proxy" },
	{ "SPARKGATE_LOG_ARCHIVE_MAX_BYTES", "1", "environment variable SPARKGATE_LOG_ARCHIVE_MAX_BYTES: "
	  "log_archive.max_bytes: 1 is out of range; write a number from 65536 to 1073741824 (bytes)" },
	{ "SPARKGATE_CLUSTERS_DEFAULT_NAMESPACE", "A", "environment variable SPARKGATE_CLUSTERS_DEFAULT_NAMESPACE: "
	  "clusters.default.namespace: \"A\" will not do; write a DNS label: 1 to 63 of a-z, 0-9 and \"-\", with no "
	  "\"-\" at either end" },
	{ "SPARKGATE_CLUSTERS_DEFAULT_KUBECONFIG", "nowhere", "environment variable "
	  "SPARKGATE_CLUSTERS_DEFAULT_KUBECONFIG: "
	  "clusters.default.kubeconfig: nowhere cannot be read: No such file or directory; name a file that this "
	  "user can read" },
	{ "SPARKGATE_CLUSTERS_DEFAULT_IN_CLUSTER", "true", "environment variable "
	  "SPARKGATE_CLUSTERS_DEFAULT_IN_CLUSTER: "
	  "clusters.default.in_cluster: true although \"kubeconfig\" is set as well; remove one of them" },
	{ "SPARKGATE_CLUSTERS_DEFAULT_DEFAULT_CONF", "a=b", "environment variable "
	  "SPARKGATE_CLUSTERS_DEFAULT_DEFAULT_CONF: "
	  "clusters.default.default_conf: a mapping, which only the file can hold; unset the variable" },
	{ "SPARKGATE_CLUSTERS_DEFAULT_USER_MAX_RUNNING", "ann=1", "environment variable "
	  "SPARKGATE_CLUSTERS_DEFAULT_USER_MAX_RUNNING: "
	  "clusters.default.user_max_running: a mapping, which only the file can hold; unset the variable" },
};

static void
an_error_in_the_environment_names_the_variable(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(variable_cases); i++) {
		char expected[1024];
		size_t errors_count;

		setenv(variable_cases[i].variable, variable_cases[i].value, 1);
		errors_count = fixture_read(fixture, WHOLE);
		unsetenv(variable_cases[i].variable);
		snprintf(expected, sizeof(expected), "%s\n", variable_cases[i].error);
		assert_string_equal(fixture->errors, expected);
		assert_int_equal(errors_count, 1);
	}
}

static void
all_errors_are_told_at_once(void **state)
{
	struct fixture *fixture = *state;

	setenv("SPARKGATE_LOG_LEVEL", "loud", 1);
	assert_int_equal(fixture_read(fixture, "auht: none\nkube: {watch_timeout_s: 1}\n"
					       "clusters: {A: {}, b: {kubeconfig: nowhere, operator: x}}\n"), 8);
	unsetenv("SPARKGATE_LOG_LEVEL");
	assert_non_null(strstr(fixture->errors, "c.yaml:1: auht: "));
	assert_non_null(strstr(fixture->errors, "c.yaml:2: kube.watch_timeout_s: "));
	assert_non_null(strstr(fixture->errors, "c.yaml:3: clusters.A: bad name"));
	assert_non_null(strstr(fixture->errors, "c.yaml:3: clusters.A: neither"));
	assert_non_null(strstr(fixture->errors, "c.yaml:3: clusters.b.operator: "));
	assert_non_null(strstr(fixture->errors, "c.yaml:3: clusters.b.kubeconfig: "));
	assert_non_null(strstr(fixture->errors, "environment variable SPARKGATE_LOG_LEVEL: "));
	assert_non_null(strstr(fixture->errors, "database.conninfo: missing"));
}

static void
a_missing_file_is_told_with_the_ways_to_name_another(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(config_read(&fixture->config, "absent.yaml", fixture_note, fixture), 1);
	assert_string_equal(fixture->errors, "absent.yaml: cannot be opened: No such file or directory; name another "
			    "file with -c or SPARKGATE_CONFIG\n");
}

static void
the_password_is_in_no_message(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture_read(fixture, CLUSTER "database: {conninfo: {password: hunter2}}\n"), 2);
	assert_null(strstr(fixture->errors, "hunter2"));
}

static void
only_a_program_without_a_database_may_do_without_its_address(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture_read(fixture, CLUSTER), 1);
	assert_non_null(strstr(fixture->errors, "database.conninfo: missing"));
	assert_int_equal(config_read_without_database(&fixture->config, "c.yaml", fixture_note, fixture), 0);
	assert_int_equal(fixture->config.clusters_count, 1);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_free)
	static const struct CMUnitTest tests[] = {
		CASE(an_error_in_the_file_is_told_with_its_line_and_remedy),
		CASE(an_error_in_the_environment_names_the_variable),
		CASE(all_errors_are_told_at_once),
		CASE(a_missing_file_is_told_with_the_ways_to_name_another),
		CASE(the_password_is_in_no_message),
		CASE(only_a_program_without_a_database_may_do_without_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
