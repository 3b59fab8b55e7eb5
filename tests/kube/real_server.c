/* SPDX-License-Identifier: Apache-2.0 */
#include "real_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "kube/kube_priv.h"

bool
real_server_given(void)
{
	const char *path = getenv("SPARKGATE_TEST_KUBECONFIG");

	if (path != NULL && path[0] != '\0')
		return true;
	printf("1..0 # SKIP no API server: set SPARKGATE_TEST_KUBECONFIG to the kubeconfig of an administrator\n");
	fprintf(stderr,
		"SKIPPED: SPARKGATE_TEST_KUBECONFIG is not set; nothing was tested against a Kubernetes API server\n");
	return false;
}

static void
create_namespace(struct real_server *server)
{
	struct json_object *object = json_object_new_object(), *metadata = json_object_new_object();
	struct err err = ERR_INIT;

	json_add_string(object, "apiVersion", "v1");
	json_add_string(object, "kind", "Namespace");
	json_add_string(metadata, "name", server->namespace);
	json_object_object_add(object, "metadata", metadata);
	if (!kube_create(server->kube, "/api/v1/namespaces", object, NULL, &err))
		fail_msg("no namespace: %s (%s)", err.msg, err.detail);
	json_object_put(object);
}

int
real_server_start(void **state)
{
	struct real_server *server = calloc(1, sizeof(*server));
	struct err err = ERR_INIT;
	char directory[] = "/tmp/sparkgate-kube-test-XXXXXX";

	assert_non_null(server);
	signal(SIGPIPE, SIG_IGN);
	arena_init(&server->arena, LIMIT_ARENA_BYTES);
	server->config = (struct config){
		.kube_connect_timeout_ms = 60000,
		.kube_request_timeout_ms = 60000,
		.kube_watch_timeout_s = 60,
	};
	server->cluster = (struct config_cluster){ .name = "test", .kubeconfig = getenv("SPARKGATE_TEST_KUBECONFIG") };
	if (!kubeconfig_read(&server->arena, server->cluster.kubeconfig, NULL, &server->endpoint, &err) ||
	    !kube_new(&server->config, &server->cluster, &server->kube, &err))
		fail_msg("%s", err.msg);
	assert_non_null(mkdtemp(directory));
	server->directory = arena_strdup(&server->arena, directory);
	server->namespace = arena_printf(&server->arena, "sparkgate-test-%d-%d", (int)getpid(),
					 (int)(clock_wall_us() / 1000000 % 100000));
	create_namespace(server);
	*state = server;
	return 0;
}

static void
remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory != NULL)
		closedir(directory);
	rmdir(path);
}

int
real_server_stop(void **state)
{
	struct real_server *server = *state;
	struct err err = ERR_INIT;

	if (!kube_delete(server->kube, arena_printf(&server->arena, "/api/v1/namespaces/%s", server->namespace), NULL,
			 &err))
		print_error("namespace %s stays: %s\n", server->namespace, err.msg);
	remove_directory(server->directory);
	kube_free(server->kube);
	arena_release(&server->arena);
	free(server);
	return 0;
}

const char *
real_path(struct real_server *server, const char *rest)
{
	return arena_printf(&server->arena, "/api/v1/namespaces/%s/%s", server->namespace, rest);
}

const char *
real_write_file(struct real_server *server, const char *name, const char *text)
{
	const char *path = arena_printf(&server->arena, "%s/%s", server->directory, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
	return path;
}

/* The file's own path, or what is in memory written to a file. */
static const char *
pem_path(struct real_server *server, const struct pem *pem, const char *name)
{
	return pem->bytes == NULL ? pem->file : real_write_file(server, name, pem->bytes);
}

struct kube *
real_kube(struct real_server *server, const char *cluster_fields, const char *user_fields)
{
	struct config_cluster cluster = { .name = "test" };
	struct kube *kube = NULL;
	struct err err = ERR_INIT;

	cluster.kubeconfig = real_write_file(
		server, "kubeconfig",
		arena_printf(&server->arena,
			     "{current-context: t, contexts: [{name: t, context: {cluster: t, user: t}}],\n"
			     " clusters: [{name: t, cluster: {server: \"%s\", %s}}],\n"
			     " users: [{name: t, user: {%s}}]}\n",
			     server->endpoint.server, cluster_fields, user_fields));
	if (!kube_new(&server->config, &cluster, &kube, &err))
		fail_msg("%s", err.msg);
	return kube;
}

const char *
real_authority(struct real_server *server)
{
	const char *ca = pem_path(server, &server->endpoint.ca, "ca.pem");

	if (server->endpoint.insecure)
		return "insecure-skip-tls-verify: true";
	return ca == NULL ? "disable-compression: true"
			  : arena_printf(&server->arena, "certificate-authority: \"%s\"", ca);
}

const char *
real_certificate(struct real_server *server)
{
	const struct endpoint *endpoint = &server->endpoint;

	if (endpoint->certificate.bytes == NULL && endpoint->certificate.file == NULL)
		return arena_printf(&server->arena, "token: \"%s\"", endpoint->token == NULL ? "" : endpoint->token);
	return arena_printf(&server->arena, "client-certificate: \"%s\", client-key: \"%s\"",
			    pem_path(server, &endpoint->certificate, "certificate.pem"),
			    pem_path(server, &endpoint->key, "key.pem"));
}

struct kube *
real_kube_as(struct real_server *server, const char *user_fields)
{
	return real_kube(server, real_authority(server), user_fields);
}

struct kube *
real_kube_with_certificate(struct real_server *server, const char *more_fields)
{
	return real_kube_as(server, arena_printf(&server->arena, "%s, %s", real_certificate(server), more_fields));
}

struct json_object *
real_config_map(const char *name, const char *value)
{
	struct json_object *object = json_object_new_object(), *metadata = json_object_new_object();
	struct json_object *data = json_object_new_object(), *labels = json_object_new_object();

	json_add_string(object, "apiVersion", "v1");
	json_add_string(object, "kind", "ConfigMap");
	json_add_string(metadata, "name", name);
	json_add_string(labels, "value", value);
	json_object_object_add(metadata, "labels", labels);
	json_object_object_add(object, "metadata", metadata);
	json_add_string(data, "value", value);
	json_object_object_add(object, "data", data);
	return object;
}

const char *
real_create_config_map(struct real_server *server, const char *name, const char *value)
{
	AUTO_JSON struct json_object *object = real_config_map(name, value);
	AUTO_JSON struct json_object *created = NULL;
	struct err err = ERR_INIT;

	if (!kube_create(server->kube, real_path(server, "configmaps"), object, &created, &err))
		fail_msg("%s (%s)", err.msg, err.detail);
	return arena_strdup(&server->arena, json_string_at(created, "metadata", "uid", NULL));
}
