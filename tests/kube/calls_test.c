/*
 * tests/kube/calls_test.c - kube/kube.h against a real kube-apiserver.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "real_server.h"
#include "../lib/read_log.h"

#define APPLICATIONS "/apis/sparkoperator.k8s.io/v1beta2/namespaces/%s/sparkapplications"

static void
assert_failed(bool good, const struct err *err, enum err_code code, const char *words)
{
	if (good)
		fail_msg("succeeded, expected %s", err_code_text(code));
	if (err->code != code || strstr(err->msg, words) == NULL)
		fail_msg("expected %s \"%s\", but: %s \"%s\" (%s)", err_code_text(code), words,
			 err_code_text(err->code), err->msg, err->detail);
}

static void
assert_good(bool good, const struct err *err)
{
	if (!good)
		fail_msg("%s: %s (%s)", err_code_text(err->code), err->msg, err->detail);
}

static void
the_server_is_ready(void **state)
{
	struct real_server *server = *state;
	struct err err = ERR_INIT;

	assert_good(kube_ready(server->kube, &err), &err);
}

static void
what_is_created_can_be_got(void **state)
{
	struct real_server *server = *state;
	struct json_object *got = NULL;
	struct err err = ERR_INIT;
	const char *uid = real_create_config_map(server, "got", "1");

	assert_good(kube_get(server->kube, real_path(server, "configmaps/got"), &got, &err), &err);
	assert_string_equal(json_string_at(got, "metadata", "uid", NULL), uid);
	json_object_put(got);
}

static void
creating_it_again_finds_it_there(void **state)
{
	struct real_server *server = *state;
	AUTO_JSON struct json_object *object = real_config_map("twice", "2");
	struct json_object *created = NULL;
	struct err err = ERR_INIT;

	real_create_config_map(server, "twice", "1");
	assert_failed(kube_create(server->kube, real_path(server, "configmaps"), object, &created, &err), &err,
		      ERR_EXISTS, "already exists");
	assert_null(created);
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct real_server *server = *state;
	struct json_object *got = NULL;
	struct err err = ERR_INIT;

	assert_failed(kube_get(server->kube, real_path(server, "configmaps/nothing"), &got, &err), &err, ERR_NOT_FOUND,
		      "configmaps \"nothing\" not found");
	assert_failed(kube_delete(server->kube, real_path(server, "configmaps/nothing"), NULL, &err), &err,
		      ERR_NOT_FOUND, "");
}

static void
a_delete_of_another_uid_deletes_nothing(void **state)
{
	struct real_server *server = *state;
	const char *path = real_path(server, "configmaps/deleted");
	struct json_object *got = NULL;
	struct err err = ERR_INIT;
	const char *uid = real_create_config_map(server, "deleted", "1");

	assert_failed(kube_delete(server->kube, path, "11111111-2222-3333-4444-555555555555", &err), &err, ERR_CONFLICT,
		      "UID");
	assert_good(kube_get(server->kube, path, &got, &err), &err);
	json_object_put(got);
	assert_good(kube_delete(server->kube, path, uid, &err), &err);
	assert_failed(kube_get(server->kube, path, &got, &err), &err, ERR_NOT_FOUND, "");
}

static void
an_object_is_replaced_only_as_it_was_read(void **state)
{
	struct real_server *server = *state;
	const char *path = real_path(server, "configmaps/replaced");
	AUTO_JSON struct json_object *read = NULL, *written = NULL, *late = NULL;
	struct err err = ERR_INIT;

	real_create_config_map(server, "replaced", "1");
	assert_good(kube_get(server->kube, path, &read, &err), &err);
	json_add_string(json_member(read, "data"), "value", "2");
	assert_good(kube_replace(server->kube, path, read, &written, &err), &err);
	assert_string_equal(json_string_at(written, "data", "value", NULL), "2");
	json_add_string(json_member(read, "data"), "value", "3");
	assert_failed(kube_replace(server->kube, path, read, &late, &err), &err, ERR_CONFLICT, "modified");
	assert_null(late);
}

static void
changes_are_merged_into_the_object_of_their_uid(void **state)
{
	struct real_server *server = *state;
	const char *path = real_path(server, "configmaps/merged");
	AUTO_JSON struct json_object *merged = NULL, *changes = NULL;
	struct err err = ERR_INIT;
	const char *uid = real_create_config_map(server, "merged", "1");

	changes = json_tokener_parse(arena_printf(&server->arena, "{\"metadata\": {\"uid\": \"%s\"}, \"data\": "
						  "{\"value\": null, \"other\": \"2\"}}", uid));
	assert_good(kube_merge(server->kube, path, changes, &merged, &err), &err);
	assert_null(json_string_at(merged, "data", "value", NULL));
	assert_string_equal(json_string_at(merged, "data", "other", NULL), "2");
	json_add_string(json_member(changes, "metadata"), "uid", "11111111-2222-3333-4444-555555555555");
	assert_failed(kube_merge(server->kube, path, changes, NULL, &err), &err, ERR_INVALID,
		      "metadata.uid");
}

static void
a_missing_namespace_is_the_installation_s_mistake(void **state)
{
	struct real_server *server = *state;
	AUTO_JSON struct json_object *object = real_config_map("x", "x");
	struct err err = ERR_INIT;

	assert_failed(kube_create(server->kube, "/api/v1/namespaces/there-is-none/configmaps", object, NULL, &err),
		      &err, ERR_FORBIDDEN, "namespaces \"there-is-none\" not found");
}

static void
a_missing_definition_is_said(void **state)
{
	struct real_server *server = *state;
	AUTO_JSON struct json_object *object = real_config_map("x", "x");
	struct err err = ERR_INIT;

	assert_failed(
		kube_create(server->kube, "/apis/sparkgate.test/v1/namespaces/default/nothings", object, NULL, &err),
		&err, ERR_FORBIDDEN, "CustomResourceDefinition is not installed");
}

/* ---- what the server refuses ---- */

static void
an_invalid_object_is_refused_with_its_fields(void **state)
{
	struct real_server *server = *state;
	AUTO_JSON struct json_object *object = real_config_map("Not A Name", "x");
	struct err err = ERR_INIT;

	assert_failed(kube_create(server->kube, real_path(server, "configmaps"), object, NULL, &err), &err, ERR_INVALID,
		      "metadata.name");
}

static struct json_object *
spark_application(const char *name, const char *type, const char *conf_value)
{
	struct json_object *object = json_object_new_object(), *metadata = json_object_new_object();
	struct json_object *spec = json_object_new_object(), *conf = json_object_new_object();

	json_add_string(object, "apiVersion", "sparkoperator.k8s.io/v1beta2");
	json_add_string(object, "kind", "SparkApplication");
	json_add_string(metadata, "name", name);
	json_object_object_add(object, "metadata", metadata);
	json_add_string(spec, "type", type);
	json_add_string(spec, "sparkVersion", "4.0.0");
	json_add_string(conf, "spark.x", conf_value);
	json_object_object_add(spec, "sparkConf", conf);
	json_object_object_add(spec, "driver", json_object_new_object());
	json_object_object_add(spec, "executor", json_object_new_object());
	json_object_object_add(object, "spec", spec);
	return object;
}

static bool
has_spark_applications(struct real_server *server)
{
	struct json_object *got = NULL;
	struct err err = ERR_INIT;
	bool has = kube_get(server->kube, "/apis/sparkoperator.k8s.io/v1beta2", &got, &err);

	json_object_put(got);
	if (!has)
		print_message("# SKIPPED: the SparkApplication definition is not installed in this cluster\n");
	return has;
}

static void
an_invalid_application_is_refused_by_its_schema(void **state)
{
	struct real_server *server = *state;
	AUTO_JSON struct json_object *wrong_type = spark_application("a", "Cobol", "x");
	AUTO_JSON struct json_object *unknown_field = spark_application("a", "Python", "x");
	const char *path = arena_printf(&server->arena, APPLICATIONS "?fieldValidation=Strict", server->namespace);
	struct err err = ERR_INIT;

	if (!has_spark_applications(server))
		skip();
	assert_failed(kube_create(server->kube, path, wrong_type, NULL, &err), &err, ERR_INVALID, "spec.type");
	json_add_string(json_member(unknown_field, "spec"), "colour", "blue");
	assert_failed(kube_create(server->kube, path, unknown_field, NULL, &err), &err, ERR_INVALID,
		      "unknown field \"spec.colour\"");
}

/* etcd's limit shows as a 500, the server's own as a 413: both are for good. */
static void
an_object_that_is_too_large_is_invalid_and_not_tried_again(void **state)
{
	static const size_t sizes_bytes[] = { 1700000, 2500000, 4000000 };
	struct real_server *server = *state;
	const char *path = arena_printf(&server->arena, APPLICATIONS, server->namespace);

	if (!has_spark_applications(server))
		skip();
	for (size_t i = 0; i < ARRAY_COUNT(sizes_bytes); i++) {
		char *value = malloc(sizes_bytes[i] + 1);
		struct json_object *object;
		struct err err = ERR_INIT;

		assert_non_null(value);
		memset(value, 'x', sizes_bytes[i]);
		value[sizes_bytes[i]] = '\0';
		object = spark_application("large", "Python", value);
		free(value);
		assert_failed(kube_create(server->kube, path, object, NULL, &err), &err, ERR_INVALID, "");
		json_object_put(object);
	}
}

static void
a_full_quota_is_no_refusal_for_good(void **state)
{
	struct real_server *server = *state;
	struct json_object *quota = json_tokener_parse("{\"apiVersion\":\"v1\",\"kind\":\"ResourceQuota\","
						       "\"metadata\":{\"name\":\"none\"},"
						       "\"spec\":{\"hard\":{\"count/secrets\":\"0\"}},"
						       "\"status\":{\"hard\":{\"count/secrets\":\"0\"},"
						       "\"used\":{\"count/secrets\":\"0\"}}}");
	struct json_object *secret = json_tokener_parse("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{}}");
	int64_t deadline_ms = clock_monotonic_ms() + 300000;
	struct err err = ERR_INIT;
	bool created;
	int count = 0;

	assert_good(kube_create(server->kube, real_path(server, "resourcequotas"), quota, NULL, &err), &err);
	/* What a controller manager would do, if there were one. */
	assert_good(kube_replace(server->kube, real_path(server, "resourcequotas/none/status"), quota, NULL, &err), &err);
	do {
		/* The server learns of its own quotas by a watch: a few may still pass. */
		json_add_string(json_member(secret, "metadata"), "name",
				arena_printf(&server->arena, "unwanted-%d", count++));
		created = kube_create(server->kube, real_path(server, "secrets"), secret, NULL, &err);
	} while (created && clock_left_ms(deadline_ms) > 0);
	assert_failed(created, &err, ERR_QUOTA, "quota");
	assert_true(err_is_transient(&err));
	json_object_put(quota);
	json_object_put(secret);
}

static void
who_may_not_is_forbidden_with_the_server_s_reason(void **state)
{
	struct real_server *server = *state;
	struct kube *kube = real_kube_with_certificate(server, "as: somebody, as-groups: [nobodies]");
	struct json_object *got = NULL;
	struct err err = ERR_INIT;

	assert_failed(kube_get(kube, real_path(server, "configmaps/x"), &got, &err), &err, ERR_FORBIDDEN,
		      "User \"somebody\" cannot get resource");
	kube_free(kube);
}

static void
an_impersonated_user_has_groups_and_extras(void **state)
{
	struct real_server *server = *state;
	struct kube *kube = real_kube_with_certificate(
		server,
		"as: somebody, as-groups: [a, \"system:masters\"], as-uid: u1, as-user-extra: {x/y: [one, two]}");
	struct json_object *review = json_tokener_parse(
		"{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}");
	struct json_object *got = NULL, *info, *extra;
	struct err err = ERR_INIT;

	assert_good(kube_create(kube, "/apis/authentication.k8s.io/v1/selfsubjectreviews", review, &got, &err), &err);
	info = json_at(got, "status", "userInfo", NULL);
	assert_string_equal(json_string(info, "username"), "somebody");
	assert_string_equal(json_string(info, "uid"), "u1");
	extra = json_at(info, "extra", "x/y", NULL);
	assert_int_equal(json_object_array_length(extra), 2);
	json_object_put(got);
	json_object_put(review);
	kube_free(kube);
}

/* ---- TLS ---- */

static void
assert_ready_fails(struct kube *kube, const char *words)
{
	struct err err = ERR_INIT;

	assert_failed(kube_ready(kube, &err), &err, ERR_UNAVAILABLE, "cannot be reached");
	if (strstr(err.detail, words) == NULL)
		fail_msg("%s", err.detail);
	kube_free(kube);
}

static void
a_server_of_another_authority_is_not_trusted(void **state)
{
	struct real_server *server = *state;
	const char *certificate = real_certificate(server);

	if (strncmp(certificate, "client-certificate", 18) != 0)
		skip();
	/* A certificate that signed nothing. */
	assert_ready_fails(real_kube(server,
				     arena_printf(&server->arena, "certificate-authority: \"%s/certificate.pem\"",
						  server->directory),
				     certificate),
			   "certificate");
	/* Nor is it among the system's. */
	assert_ready_fails(real_kube(server, "", certificate), "certificate");
}

static void
a_server_has_to_have_the_name_that_is_asked_for(void **state)
{
	struct real_server *server = *state;
	struct kube *kube = real_kube(server, arena_printf(&server->arena, "%s, tls-server-name: kubernetes.default",
							   real_authority(server)),
				      real_certificate(server));
	struct err err = ERR_INIT;

	assert_good(kube_ready(kube, &err), &err);
	kube_free(kube);
	assert_ready_fails(real_kube(server, arena_printf(&server->arena, "%s, tls-server-name: other.example",
							  real_authority(server)),
				     real_certificate(server)),
			   "other.example");
}

static void
any_server_is_taken_when_told_so(void **state)
{
	struct real_server *server = *state;
	struct kube *kube = real_kube(server, "insecure-skip-tls-verify: true", real_certificate(server));
	struct err err = ERR_INIT;

	assert_good(kube_ready(kube, &err), &err);
	kube_free(kube);
}

/* ---- tokens ---- */

/* A token of a service account that may do nothing, which the server knows by name. */
static const char *
make_token(struct real_server *server, const char *account)
{
	struct json_object *object =
		json_tokener_parse("{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{}}");
	struct json_object *request = json_tokener_parse(
		"{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\",\"spec\":{}}");
	struct json_object *answer = NULL;
	struct err err = ERR_INIT;
	const char *path = arena_printf(&server->arena, "serviceaccounts/%s/token", account);
	const char *token;

	json_add_string(json_member(object, "metadata"), "name", account);
	assert_good(kube_create(server->kube, real_path(server, "serviceaccounts"), object, NULL, &err), &err);
	assert_good(kube_create(server->kube, real_path(server, path), request, &answer, &err), &err);
	token = arena_strdup(&server->arena, json_string_at(answer, "status", "token", NULL));
	json_object_put(object);
	json_object_put(request);
	json_object_put(answer);
	return token;
}

static void
a_token_that_was_replaced_is_read_anew_when_the_server_refuses_the_old_one(void **state)
{
	struct real_server *server = *state;
	const char *path = real_write_file(server, "token", "not-a-token-of-this-server\n");
	struct kube *kube = real_kube_as(server, arena_printf(&server->arena, "tokenFile: \"%s\"", path));
	struct json_object *got = NULL;
	struct err err = ERR_INIT;

	assert_failed(kube_get(kube, real_path(server, "configmaps/x"), &got, &err), &err, ERR_UNAUTHORIZED,
		      "credentials");
	assert_null(strstr(err.detail, "not-a-token"));
	real_write_file(server, "token", make_token(server, "rotated"));
	/* Known now, though not allowed. */
	assert_failed(kube_get(kube, real_path(server, "configmaps/x"), &got, &err), &err, ERR_FORBIDDEN, ":rotated\"");
	kube_free(kube);
}

static void
a_token_in_the_kubeconfig_works(void **state)
{
	struct real_server *server = *state;
	struct kube *kube =
		real_kube_as(server, arena_printf(&server->arena, "token: %s", make_token(server, "inline")));
	struct json_object *got = NULL;
	struct err err = ERR_INIT;

	assert_failed(kube_get(kube, real_path(server, "configmaps/x"), &got, &err), &err, ERR_FORBIDDEN, ":inline\"");
	kube_free(kube);
}

/* ---- lists ---- */

struct seen {
	size_t count;
	size_t limit;
};

static bool
count_item(void *context, struct json_object *item, struct err *err)
{
	struct seen *seen = context;

	assert_non_null(json_string_at(item, "metadata", "name", NULL));
	if (++seen->count == seen->limit)
		return err_set(err, ERR_INTERNAL, "enough");
	return true;
}

static void
a_list_of_several_pages_has_every_item_once(void **state)
{
	struct real_server *server = *state;
	struct seen seen = { 0 };
	char *version = NULL;
	struct err err = ERR_INIT;
	char name[32];

	for (int i = 0; i < 1050; i++) {
		snprintf(name, sizeof(name), "paged-%d", i);
		real_create_config_map(server, name, "paged");
	}
	assert_good(kube_list(server->kube, real_path(server, "configmaps"), "labelSelector=value%3Dpaged", count_item,
			      &seen, &version, &err),
		    &err);
	assert_int_equal(seen.count, 1050);
	assert_non_null(version);
	free(version);
}

static void
a_list_ends_with_the_error_of_its_reader(void **state)
{
	struct real_server *server = *state;
	struct seen seen = { .limit = 2 };
	char *version = NULL;
	struct err err = ERR_INIT;

	assert_failed(kube_list(server->kube, real_path(server, "configmaps"), "", count_item, &seen, &version, &err),
		      &err, ERR_INTERNAL, "enough");
	assert_int_equal(seen.count, 2);
	assert_null(version);
}

static void
an_empty_list_has_a_version_too(void **state)
{
	struct real_server *server = *state;
	struct seen seen = { 0 };
	char *version = NULL;
	struct err err = ERR_INIT;

	assert_good(kube_list(server->kube, real_path(server, "configmaps"), "labelSelector=value%3Dnone", count_item,
			      &seen, &version, &err),
		    &err);
	assert_int_equal(seen.count, 0);
	assert_true(strlen(version) > 0);
	free(version);
}

/* ---- logs of pods that have none ---- */

static void
create_pod(struct real_server *server, const char *name, const char *placement)
{
	struct json_object *account = json_tokener_parse(
		"{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"default\"}}");
	struct json_object *pod = json_tokener_parse(
		arena_printf(&server->arena,
			     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\"},"
			     "\"spec\":{%s,\"automountServiceAccountToken\":false,\"containers\":[{\"name\":\"c\","
			     "\"image\":\"x/y:z\"}]}}",
			     name, placement));
	struct err err = ERR_INIT;

	/* Without a controller manager nobody else makes it; with one it is there. */
	if (!kube_create(server->kube, real_path(server, "serviceaccounts"), account, NULL, &err))
		assert_int_equal(err.code, ERR_EXISTS);
	assert_good(kube_create(server->kube, real_path(server, "pods"), pod, NULL, &err), &err);
	json_object_put(account);
	json_object_put(pod);
}

static void
a_pod_without_a_log_is_not_found(void **state)
{
	static const struct {
		const char *pod, *words;
	} rows[] = {
		{ "gone", "not found" },
		{ "unscheduled", "not scheduled" },
		{ "nodeless", "no-such-node" },
	};
	struct real_server *server = *state;
	struct err err = ERR_INIT;
	struct buf log;

	buf_init(&log, 1000);
	create_pod(server, "unscheduled", "\"nodeSelector\":{\"no.such/label\":\"x\"}");
	create_pod(server, "nodeless", "\"nodeName\":\"no-such-node\"");
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		read_log(server->kube, server->namespace, rows[i].pod, &log, &err);
		assert_failed(false, &err, ERR_NOT_FOUND, rows[i].words);
	}
	assert_int_equal(log.size_bytes, 0);
	buf_release(&log);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_is_ready),
		cmocka_unit_test(what_is_created_can_be_got),
		cmocka_unit_test(creating_it_again_finds_it_there),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(a_delete_of_another_uid_deletes_nothing),
		cmocka_unit_test(an_object_is_replaced_only_as_it_was_read),
		cmocka_unit_test(changes_are_merged_into_the_object_of_their_uid),
		cmocka_unit_test(a_missing_namespace_is_the_installation_s_mistake),
		cmocka_unit_test(a_missing_definition_is_said),
		cmocka_unit_test(an_invalid_object_is_refused_with_its_fields),
		cmocka_unit_test(an_invalid_application_is_refused_by_its_schema),
		cmocka_unit_test(an_object_that_is_too_large_is_invalid_and_not_tried_again),
		cmocka_unit_test(a_full_quota_is_no_refusal_for_good),
		cmocka_unit_test(who_may_not_is_forbidden_with_the_server_s_reason),
		cmocka_unit_test(an_impersonated_user_has_groups_and_extras),
		cmocka_unit_test(a_server_of_another_authority_is_not_trusted),
		cmocka_unit_test(a_server_has_to_have_the_name_that_is_asked_for),
		cmocka_unit_test(any_server_is_taken_when_told_so),
		cmocka_unit_test(a_token_that_was_replaced_is_read_anew_when_the_server_refuses_the_old_one),
		cmocka_unit_test(a_token_in_the_kubeconfig_works),
		cmocka_unit_test(a_list_of_several_pages_has_every_item_once),
		cmocka_unit_test(a_list_ends_with_the_error_of_its_reader),
		cmocka_unit_test(an_empty_list_has_a_version_too),
		cmocka_unit_test(a_pod_without_a_log_is_not_found),
	};

	if (!real_server_given())
		return EXIT_SKIPPED;
	return cmocka_run_group_tests(tests, real_server_start, real_server_stop);
}
