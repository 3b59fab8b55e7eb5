/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "batch/policy.h"

#define LIST(...) { (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *) }

static void
a_pattern_means_a_property_however_it_is_written(void **state)
{
	static const struct {
		const char *pattern;
		const char *key;
		bool is_meant;
	} rows[] = {
		{ "spark.master", "spark.master", true },
		{ "spark.master", "spark.Master", true },
		{ "spark.master", " spark.master\t", true },
		{ "spark.master", "spark.masters", false },
		{ "spark.master", "spark_master", false },
		{ "spark.hadoop.*", "spark.hadoop.fs.s3a.endpoint", true },
		{ "spark.hadoop.*", "spark.hadoop", false },
		{ "spark.kubernetes.*.volumes.hostPath.*", "spark.kubernetes.driver.volumes.hostpath.d.mount.path", true },
		{ "*secret*", "spark.hadoop.fs.s3a.SECRET.key", true },
		{ "*", "spark.anything", true },
		{ "spark.kerberos.keytab", "spark.yarn.keytab", true },
		{ "spark.yarn.keytab", "spark.kerberos.keytab", true },
		{ "spark.yarn.keytab", "spark.yarn.keytab", true },
		{ "spark.yarn.*", "spark.yarn.keytab", true },
		{ "spark.kerberos.*", " spark.yarn.Keytab", true },
		{ "spark.yarn.*", "spark.kerberos.keytab", false },
		{ "spark.a\\*", "spark.a*", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char *row = arena_printf(*state, "%s %s", rows[i].pattern, rows[i].key);

		assert_number(row, batch_key_matches(rows[i].pattern, rows[i].key), rows[i].is_meant);
	}
}

static void
a_name_longer_than_any_of_sparks_is_held_against_patterns(void **state)
{
	char *key = arena_printf(*state, "spark.%0400d ", 7);

	assert_true(batch_key_matches("spark.0*7*", key));
	assert_false(batch_key_matches("spark.0*8*", key));
}

/* told NULL: it may stay; else the refusal says this, and names the property. */
static void
assert_property(struct arena *arena, const struct batch_policy *policy, const char *key, const char *value, const char *told)
{
	struct err err = ERR_INIT;
	bool may_stay = batch_policy_check_property(arena, policy, key, value, &err);

	if (may_stay != (told == NULL))
		fail_msg("%s: %s", key, may_stay ? "may stay" : err.msg);
	if (may_stay)
		return;
	assert_number(key, err.code, ERR_INVALID);
	assert_contains(key, err.msg, told);
	assert_contains(key, err.msg, key);
}

static void
the_gateway_itself_denies_what_opens_a_host(void **state)
{
	static const char *const denied[] = {
		"spark.driver.extraClassPath", "spark.executor.extraClassPath", "spark.driver.extraclasspath",
		"spark.kubernetes.driver.volumes.hostPath.d.mount.path", "spark.kubernetes.executor.volumes.hostPath.d.options.path",
		"spark.kubernetes.context", "spark.kerberos.keytab", "spark.yarn.keytab", "spark.kerberos.principal",
		"spark.kubernetes.kerberos.krb5.path", "spark.jars.ivySettings",
	};
	static const char *const fine[] = {
		"spark.executor.memory", "spark.kubernetes.driver.volumes.persistentVolumeClaim.d.mount.path",
		"spark.hadoop.fs.s3a.secret.key", "spark.kubernetes.driver.secretKeyRef.A", "spark.driver.extraJavaOptions",
		"spark.kubernetes.kerberos.krb5.configMapName",
	};
	const struct batch_policy policy = { .cluster = "c1" };
	const struct batch_policy lifting = { .cluster = "c1", .of_cluster.allowed_conf = LIST("spark.*") };

	for (size_t i = 0; i < ARRAY_COUNT(denied); i++) {
		assert_property(*state, &policy, denied[i], "x", "allowed_conf of cluster 'c1' could allow it");
		assert_property(*state, &lifting, denied[i], "x", NULL);
	}
	for (size_t i = 0; i < ARRAY_COUNT(fine); i++)
		assert_property(*state, &policy, fine[i], "x", NULL);
}

static void
what_is_allowed_beats_what_is_denied(void **state)
{
	const struct batch_policy some = { .cluster = "c1", .of_cluster.denied_conf = LIST("spark.sql.*", "*.token") };
	const struct batch_policy few = { .cluster = "c1", .of_cluster.denied_conf = LIST("*"),
					  .of_cluster.allowed_conf = LIST("spark.executor.*") };

	assert_property(*state, &some, "spark.executor.memory", "1g", NULL);
	assert_property(*state, &some, "spark.sql.shuffle.partitions", "1", "cluster 'c1' has 'spark.sql.*' among its denied_conf");
	assert_property(*state, &some, "spark.my.token", "1", "'*.token'");
	assert_property(*state, &few, "spark.executor.memory", "1g", NULL);
	assert_property(*state, &few, "spark.driver.memory", "1g", "'*'");
	/* what is allowed is allowed */
	assert_property(*state, &few, "spark.executor.extraClassPath", "/x", NULL);
}

static const struct {
	const char *uri;
	bool may_stay;
} addresses[] = {
	{ "s3a://team/jobs/a.py", true },
	{ "S3A://TEAM/jobs/a.py", true },
	{ "s3a://team//jobs/./a.py", true },
	{ "s3a://team/jobs/x/../a.py", true },
	{ "s3a://team/jobs/a.zip#environment", true },
	{ "s3a://someone@team/jobs/a.py", true },
	{ "local:///opt/a.py", true },
	{ "local:/opt/a.py", true },
	{ "s3a://team/secret/a.py", false },
	{ "s3a://team/Jobs/a.py", false },
	{ "s3a://other/jobs/a.py", false },
	{ "s3a://team@other/jobs/a.py", false },
	{ "s3a://team/jobs/../secret/a.py", false },
	{ "s3a://team/jobs/%2e%2e/secret/a.py", false },
	{ "s3a://team/jobs/%2E./secret/a.py", false },
	{ "s3a://team/jobs/%252e%252e/secret/a.py", false },
	{ "s3a://team/jobs/%25252e%25252e/secret/a.py", false },
	{ "s3a://team/jobs%2f..%2fsecret/a.py", false },
	{ "s3a://team/jobs/../../../secret/a.py", false },
	{ "s3a://team/jobs/..", false },
	{ "s3a://other/#s3a://team/jobs/a.py", false },
	{ "s3a:team/jobs/a.py", false },
	{ "http://host/s3a://team/jobs/a.py", false },
	{ "local:///opt/../etc/passwd", false },
	{ "local:/opt/%2e%2e/etc/passwd", false },
};

static void
an_address_is_judged_in_all_the_ways_it_can_be_read(void **state)
{
	const struct batch_policy policy = {
		.cluster = "c1", .of_cluster.denied_uris = LIST("*"),
		.of_cluster.allowed_uris = LIST("s3a://team/jobs/*", "local:///opt/*", "local:/opt/*"),
	};

	for (size_t i = 0; i < ARRAY_COUNT(addresses); i++) {
		const char *uri = addresses[i].uri;
		struct err err = ERR_INIT;

		if (batch_policy_check_uri(*state, &policy, "jars", uri, strlen(uri), &err) != addresses[i].may_stay)
			fail_msg("%s: %s", uri, addresses[i].may_stay ? err.msg : "may stay");
		if (addresses[i].may_stay)
			continue;
		assert_contains(uri, err.msg, uri);
		assert_contains(uri, err.msg, "jars: ");
		assert_contains(uri, err.msg, "'*' among its denied_uris");
	}
}

static void
what_is_denied_cannot_be_hidden(void **state)
{
	static const char *const denied[] = {
		"s3a://team/secret/a.py", "s3a://team/./secret/a.py", "s3a://team/%73ecret/a.py", "s3a://team/%2573ecret/a.py",
		"s3a://team/x/../secret/a.py", "s3a://team//secret/a.py", "S3a://Team/secret/a.py", "s3a://me:pw@team/secret/a.py",
		/* who decodes only once stays in it */
		"s3a://team/secret/%252e%252e/a.py",
	};
	const struct batch_policy policy = { .cluster = "c1", .of_cluster.denied_uris = LIST("s3a://team/secret/*") };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_COUNT(denied); i++) {
		if (batch_policy_check_uri(*state, &policy, "file", denied[i], strlen(denied[i]), &err))
			fail_msg("%s may stay", denied[i]);
	}
	assert_true(batch_policy_check_uri(*state, &policy, "file", "s3a://team/a.py", 15, &err));
}

static void
every_address_of_an_order_is_judged(void **state)
{
	static const char *const fields[] = { "file", "jars", "pyFiles", "files", "archives", "spark.jars", "spark.files",
					      "spark.archives", "spark.submit.pyFiles" };
	const struct batch_policy policy = { .cluster = "c1", .of_cluster.denied_uris = LIST("http://*") };
	const struct batch_strings bad = LIST("local:///fine", "http://host/x");

	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		struct batch_pair pair = { i > 4 ? fields[i] : "spark.fine", "local:///fine, http://host/x" };
		struct batch_order order = { .file = i == 0 ? "http://host/x" : "local:///fine", .conf = { &pair, 1 } };
		struct batch_strings *const lists[] = { NULL, &order.jars, &order.py_files, &order.files, &order.archives };
		struct err err = ERR_INIT;

		if (i > 0 && i < ARRAY_COUNT(lists))
			*lists[i] = bad;
		if (batch_policy_check(*state, &policy, &order, &err))
			fail_msg("%s may stay", fields[i]);
		assert_contains(fields[i], err.msg, arena_printf(*state, "Reason: %s: http://host/x:", fields[i]));
	}
}

/* Each property and address is called by what says something of it: allowed or denied, by the role or the cluster. */
static void
what_a_role_says_comes_before_its_cluster(void **state)
{
	const struct batch_policy policy = {
		.cluster = "c1", .role = "etl",
		.of_role = { LIST("spark.ra*"), LIST("spark.rd*", "spark.ra.b"), LIST("s3a://ra/*"), LIST("s3a://rd/*", "s3a://ra/*") },
		.of_cluster = { LIST("spark.rd*", "spark.ca*"), LIST("*"), LIST("s3a://rd/*", "s3a://ca/*"), LIST("*") },
	};
	struct err err = ERR_INIT;

	assert_property(*state, &policy, "spark.ra.b", "x", NULL);
	assert_property(*state, &policy, "spark.ca.b", "x", NULL);
	assert_property(*state, &policy, "spark.rd.b", "x", "cluster 'c1' for the role 'etl' has 'spark.rd*' among its denied_conf");
	assert_property(*state, &policy, "spark.x", "x", "cluster 'c1' has '*' among its denied_conf");
	assert_true(batch_policy_check_uri(*state, &policy, "file", "s3a://ra/a.py", 13, &err));
	assert_true(batch_policy_check_uri(*state, &policy, "file", "s3a://ca/a.py", 13, &err));
	assert_false(batch_policy_check_uri(*state, &policy, "file", "s3a://rd/a.py", 13, &err));
	assert_contains("s3a://rd/a.py", err.msg, "cluster 'c1' for the role 'etl' has 's3a://rd/*' among its denied_uris");
	assert_false(batch_policy_check_uri(*state, &policy, "file", "s3a://x/a.py", 12, &err));
	assert_contains("s3a://x/a.py", err.msg, "cluster 'c1' has '*' among its denied_uris");
}

static void
a_role_may_have_what_the_gateway_itself_denies(void **state)
{
	const struct batch_policy policy = { .cluster = "c1", .role = "admins", .of_role.allowed_conf = LIST("*") };

	assert_property(*state, &policy, "spark.driver.extraClassPath", "x", NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(a_pattern_means_a_property_however_it_is_written),
		unit_test_with_arena(a_name_longer_than_any_of_sparks_is_held_against_patterns),
		unit_test_with_arena(the_gateway_itself_denies_what_opens_a_host),
		unit_test_with_arena(what_is_allowed_beats_what_is_denied),
		unit_test_with_arena(an_address_is_judged_in_all_the_ways_it_can_be_read),
		unit_test_with_arena(what_is_denied_cannot_be_hidden),
		unit_test_with_arena(what_a_role_says_comes_before_its_cluster),
		unit_test_with_arena(a_role_may_have_what_the_gateway_itself_denies),
		unit_test_with_arena(every_address_of_an_order_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
