/*
 * tests/kube/real_server.h - the API server that the tests of this folder run against.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_KUBE_REAL_SERVER_H
#define TESTS_KUBE_REAL_SERVER_H

#include <stdbool.h>

#include "base/arena.h"
#include "kube/kube.h"
#include "kube/kubeconfig.h"

/* automake's word for "skipped". */
#define EXIT_SKIPPED 77

struct real_server {
	struct arena arena;
	struct config config;
	struct config_cluster cluster;
	struct endpoint endpoint;       /* what the kubeconfig says */
	struct kube *kube;              /* as its user, who may do everything */
	const char *namespace;          /* of this run alone */
	const char *directory;          /* for files, removed at the end */
};

/* Is there a server? Otherwise says loudly that there is none. */
bool real_server_given(void);

/* For cmocka_run_group_tests. */
int real_server_start(void **state);
int real_server_stop(void **state);

/* "/api/v1/namespaces/<of this run>/<rest>" of the arena. */
const char *real_path(struct real_server *server, const char *rest);

/* Another kube for the same server, by a kubeconfig with these YAML fields. */
struct kube *real_kube(struct real_server *server, const char *cluster_fields, const char *user_fields);
/* The fields of the given kubeconfig. */
const char *real_authority(struct real_server *server);
const char *real_certificate(struct real_server *server);
/* The given cluster with another user, or with its own and more fields. */
struct kube *real_kube_as(struct real_server *server, const char *user_fields);
struct kube *real_kube_with_certificate(struct real_server *server, const char *more_fields);

const char *real_write_file(struct real_server *server, const char *name, const char *text);

struct json_object *real_config_map(const char *name, const char *value);
/* Creates it and returns its uid, of the arena. */
const char *real_create_config_map(struct real_server *server, const char *name, const char *value);

#endif
