/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kube/kubeconfig.h"

/* "-----BEGIN X-----" */
#define PEM_BASE64 "LS0tLS1CRUdJTiBYLS0tLS0="

struct fixture {
	struct arena arena;
	char directory[64];
	const char *path;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	arena_init(&fixture->arena, 64 * 1024 * 1024);
	strcpy(fixture->directory, "/tmp/sparkgate-kubeconfig-XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	fixture->path = arena_printf(&fixture->arena, "%s/config", fixture->directory);
	*state = fixture;
	return 0;
}

static const char *const file_names[] = { "config", "pem", "token", "ca.crt", "namespace" };

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(file_names); i++)
		unlink(arena_printf(&fixture->arena, "%s/%s", fixture->directory, file_names[i]));
	rmdir(fixture->directory);
	arena_release(&fixture->arena);
	free(fixture);
	return 0;
}

static void
write_file(struct fixture *fixture, const char *name, const char *text)
{
	FILE *file = fopen(arena_printf(&fixture->arena, "%s/%s", fixture->directory, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct endpoint
read_good(struct fixture *fixture, const char *text, const char *context)
{
	struct endpoint endpoint;
	struct err err = ERR_INIT;

	write_file(fixture, "config", text);
	if (!kubeconfig_read(&fixture->arena, fixture->path, context, &endpoint, &err))
		fail_msg("%s", err.msg);
	return endpoint;
}

static const char two_contexts[] =
	"apiVersion: v1\n"
	"kind: Config\n"
	"current-context: here\n"
	"clusters:\n"
	"- name: c1\n"
	"  cluster: {server: 'https://one:6443/', certificate-authority-data: " PEM_BASE64 "}\n"
	"- name: c2\n"
	"  cluster: {server: 'https://two.example/k8s/clusters/x//', insecure-skip-tls-verify: true,\n"
	"            tls-server-name: kubernetes, proxy-url: 'http://proxy:3128'}\n"
	"contexts:\n"
	"- {name: here, context: {cluster: c1, user: u1, namespace: spark}}\n"
	"- {name: there, context: {cluster: c2, user: u2}}\n"
	"- {name: nobody, context: {cluster: c1}}\n"
	"users:\n"
	"- {name: u1, user: {client-certificate-data: " PEM_BASE64 ", client-key-data: " PEM_BASE64 "}}\n"
	"- {name: u2, user: {token: abc, username: me, password: secret}}\n";

static void
the_current_context_is_taken(void **state)
{
	struct endpoint endpoint = read_good(*state, two_contexts, NULL);

	assert_string_equal(endpoint.server, "https://one:6443");
	assert_string_equal(endpoint.namespace, "spark");
	assert_false(endpoint.insecure);
	assert_string_equal(endpoint.ca.bytes, "-----BEGIN X-----");
	assert_int_equal(endpoint.ca.size_bytes, 17);
	assert_string_equal(endpoint.certificate.bytes, "-----BEGIN X-----");
	assert_string_equal(endpoint.key.bytes, "-----BEGIN X-----");
	assert_null(endpoint.token);
	assert_int_equal(endpoint.impersonation_count, 0);
}

static void
another_context_is_taken_by_its_name(void **state)
{
	struct endpoint endpoint = read_good(*state, two_contexts, "there");

	assert_string_equal(endpoint.server, "https://two.example/k8s/clusters/x");
	assert_null(endpoint.namespace);
	assert_true(endpoint.insecure);
	assert_string_equal(endpoint.tls_server_name, "kubernetes");
	assert_string_equal(endpoint.proxy_url, "http://proxy:3128");
	assert_string_equal(endpoint.token, "abc");
	assert_string_equal(endpoint.username, "me");
	assert_string_equal(endpoint.password, "secret");
}

static void
a_context_without_a_user_is_nobody(void **state)
{
	struct endpoint endpoint = read_good(*state, two_contexts, "nobody");

	assert_null(endpoint.token);
	assert_null(endpoint.certificate.bytes);
}

/* ---- one user, one cluster ---- */

static const char *
config_with(struct fixture *fixture, const char *cluster_fields, const char *user_fields)
{
	return arena_printf(&fixture->arena,
			    "current-context: x\n"
			    "contexts: [{name: x, context: {cluster: x, user: x}}]\n"
			    "clusters:\n"
			    "- name: x\n"
			    "  cluster: {%s}\n"
			    "users:\n"
			    "- name: x\n"
			    "  user: {%s}\n",
			    cluster_fields, user_fields);
}

#define SERVER "server: 'https://h:1'"

static void
relative_paths_begin_at_the_file_s_folder(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint endpoint;

	write_file(fixture, "pem", "x");
	write_file(fixture, "token", "x");
	endpoint = read_good(fixture,
			     config_with(fixture, SERVER ", certificate-authority: pem",
					 arena_printf(&fixture->arena,
						      "client-certificate: pem, client-key: %s/pem, tokenFile: ./token",
						      fixture->directory)),
			     NULL);
	assert_string_equal(endpoint.ca.file, arena_printf(&fixture->arena, "%s/pem", fixture->directory));
	assert_string_equal(endpoint.certificate.file, endpoint.ca.file);
	assert_string_equal(endpoint.key.file, endpoint.ca.file);
	assert_string_equal(endpoint.token_file, arena_printf(&fixture->arena, "%s/./token", fixture->directory));
}

static void
data_wins_over_a_file(void **state)
{
	struct endpoint endpoint = read_good(
		*state,
		config_with(*state, SERVER ", certificate-authority: nowhere, certificate-authority-data: " PEM_BASE64,
			    ""),
		NULL);

	assert_null(endpoint.ca.file);
	assert_string_equal(endpoint.ca.bytes, "-----BEGIN X-----");
}

static void
impersonation_becomes_headers(void **state)
{
	static const char *const lines[] = {
		"Impersonate-User: ann",           "Impersonate-Uid: 7",
		"Impersonate-Group: a b",          "Impersonate-Group: c",
		"Impersonate-Extra-x%2Fy: one", "Impersonate-Extra-x%2Fy: two",
	};
	struct endpoint endpoint =
		read_good(*state,
			  config_with(*state, SERVER,
				      "as: ann, as-uid: '7', as-groups: [a b, c], as-user-extra: {x/y: [one, two]}"),
			  NULL);

	assert_int_equal(endpoint.impersonation_count, ARRAY_COUNT(lines));
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
		assert_string_equal(endpoint.impersonation[i], lines[i]);
}

static void
what_cannot_work_is_refused_with_its_line_and_remedy(void **state)
{
	static const struct {
		const char *cluster_fields;
		const char *user_fields;
		const char *line;
		const char *words;
	} rows[] = {
		{ SERVER, "exec: {command: aws}", ":8: users[x].exec: ", "use tokenFile" },
		{ SERVER, "auth-provider: {name: gcp}", ":8: ", "use tokenFile" },
		{ SERVER, "client-certificate-data: '%%%', client-key-data: " PEM_BASE64,
		  ":8: ", "PEM file in base64" },
		{ SERVER, "client-certificate-data: aGVsbG8=, client-key-data: " PEM_BASE64,
		  ":8: ", "PEM file in base64" },
		{ SERVER, "client-certificate-data: " PEM_BASE64, ":8: ", "client-key: is missing" },
		{ SERVER, "client-key-data: " PEM_BASE64, ":8: ", "client-certificate: is missing" },
		{ SERVER, "tokenFile: nothing", ":8: ", "cannot read" },
		{ SERVER, "token: \"a\\nb\"", ":8: ", "one line" },
		{ SERVER, "as: \"a\\r\\nX-Evil: b\"", ":8: ", "one line" },
		{ SERVER, "as: a, as-groups: [\"x\\ny\"]", ":8: ", "one line" },
		{ SERVER, "as: a, as-groups: x", ":8: ", "must be a list" },
		{ SERVER, "as-groups: [x]", ":8: ", "as: is missing" },
		{ SERVER, "as: a, as-user-extra: [x]", ":8: ", "must map" },
		{ "", "", ":5: clusters[x].server: ", "is missing" },
		{ "server: 'h:6443'", "", ":5: ", "must be like https://HOST:PORT" },
		{ "server: 'ftp://h'", "", ":5: ", "must be like https://HOST:PORT" },
		{ "server: 'https://'", "", ":5: ", "must be like https://HOST:PORT" },
		{ "server: 'https://u:p@h'", "", ":5: ", "must be like https://HOST:PORT" },
		{ "server: 'https://h?q'", "", ":5: ", "must be like https://HOST:PORT" },
		{ SERVER ", certificate-authority: nothing", "", ":5: ", "cannot read" },
		{ SERVER ", insecure-skip-tls-verify: perhaps", "", ":5: ", "true or false" },
		{ SERVER ", insecure-skip-tls-verify: true, certificate-authority-data: " PEM_BASE64, "",
		  ":5: ", "contradicts certificate-authority" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct endpoint endpoint;
		struct err err = ERR_INIT;

		write_file(fixture, "config", config_with(fixture, rows[i].cluster_fields, rows[i].user_fields));
		if (kubeconfig_read(&fixture->arena, fixture->path, NULL, &endpoint, &err))
			fail_msg("row %zu was taken", i);
		assert_int_equal(err.code, ERR_INVALID);
		assert_memory_equal(err.msg, fixture->path, strlen(fixture->path));
		if (strstr(err.msg, rows[i].line) == NULL || strstr(err.msg, rows[i].words) == NULL)
			fail_msg("row %zu: %s", i, err.msg);
	}
}

static void
a_file_without_the_named_things_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *context;
		const char *words;
	} rows[] = {
		{ "", NULL, "is no kubeconfig" },
		{ "- x\n", NULL, "is no kubeconfig" },
		{ "a: [", NULL, "config:" },
		{ "kind: Config\n", NULL, "current-context: is missing" },
		{ "current-context: ''\n", NULL, "current-context: is missing" },
		{ "current-context: x\n", NULL, "contexts: there is none called \"x\"" },
		{ "current-context: x\ncontexts: null\n", NULL, "contexts: there is none called \"x\"" },
		{ "current-context: x\ncontexts: [{name: x}]\n", NULL, "contexts[x].context: is missing" },
		{ "current-context: x\ncontexts: [{name: x, context: {user: u}}]\n", NULL,
		  "contexts[x].cluster: is missing" },
		{ "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: text\n", NULL,
		  "clusters: there is none called \"c\"" },
		{ "contexts: [{name: x, context: {cluster: c}}]\n", "y", "contexts: there is none called \"y\"" },
		{ "contexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {" SERVER
		  "}}]\n",
		  "x", "users: there is none called \"u\"" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct endpoint endpoint;
		struct err err = ERR_INIT;

		write_file(fixture, "config", rows[i].text);
		if (kubeconfig_read(&fixture->arena, fixture->path, rows[i].context, &endpoint, &err))
			fail_msg("row %zu was taken", i);
		assert_int_equal(err.code, ERR_INVALID);
		if (strstr(err.msg, rows[i].words) == NULL)
			fail_msg("row %zu: %s", i, err.msg);
	}
}

static void
a_file_that_is_not_there_is_the_configuration_s_mistake(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint endpoint;
	struct err err = ERR_INIT;

	assert_false(kubeconfig_read(&fixture->arena, fixture->path, NULL, &endpoint, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.msg, fixture->path));
}

static void
a_kubeconfig_may_be_json(void **state)
{
	struct endpoint endpoint = read_good(*state,
					     "{\"current-context\":\"x\",\"contexts\":[{\"name\":\"x\",\"context\":{"
					     "\"cluster\":\"c\",\"user\":\"u\"}}],"
					     "\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"https:\\/\\/"
					     "h:1\",\"insecure-skip-tls-verify\":true}}],"
					     "\"users\":[{\"name\":\"u\",\"user\":{\"token\":\"t\"}}]}",
					     NULL);

	assert_string_equal(endpoint.server, "https://h:1");
	assert_true(endpoint.insecure);
	assert_string_equal(endpoint.token, "t");
}

/* ---- as a pod sees it ---- */

static void
a_pod_finds_its_server_and_its_files(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint endpoint;
	struct err err = ERR_INIT;

	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	write_file(fixture, "ca.crt", "x");
	write_file(fixture, "token", "x");
	assert_true(kubeconfig_in_pod(&fixture->arena, fixture->directory, &endpoint, &err));
	assert_string_equal(endpoint.server, "https://10.96.0.1:443");
	assert_null(endpoint.namespace);
	assert_string_equal(endpoint.token_file, arena_printf(&fixture->arena, "%s/token", fixture->directory));
	assert_string_equal(endpoint.ca.file, arena_printf(&fixture->arena, "%s/ca.crt", fixture->directory));
	write_file(fixture, "namespace", "spark\n");
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	assert_true(kubeconfig_in_pod(&fixture->arena, fixture->directory, &endpoint, &err));
	assert_string_equal(endpoint.server, "https://[fd00::1]:443");
	assert_string_equal(endpoint.namespace, "spark");
}

static void
outside_a_pod_the_remedy_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct endpoint endpoint;
	struct err err = ERR_INIT;

	unsetenv("KUBERNETES_SERVICE_HOST");
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_false(kubeconfig_in_pod(&fixture->arena, fixture->directory, &endpoint, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.msg, "name a kubeconfig"));
	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	assert_false(kubeconfig_in_pod(&fixture->arena, fixture->directory, &endpoint, &err));
	assert_non_null(strstr(err.msg, "automountServiceAccountToken"));
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(the_current_context_is_taken),
		CASE(another_context_is_taken_by_its_name),
		CASE(a_context_without_a_user_is_nobody),
		CASE(relative_paths_begin_at_the_file_s_folder),
		CASE(data_wins_over_a_file),
		CASE(impersonation_becomes_headers),
		CASE(what_cannot_work_is_refused_with_its_line_and_remedy),
		CASE(a_file_without_the_named_things_is_refused),
		CASE(a_file_that_is_not_there_is_the_configuration_s_mistake),
		CASE(a_kubeconfig_may_be_json),
		CASE(a_pod_finds_its_server_and_its_files),
		CASE(outside_a_pod_the_remedy_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
