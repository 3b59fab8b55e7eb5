/*
 * tests/unit/kube/call_fixture.h - a kube with short limits in front of a misbehaving server.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_KUBE_CALL_FIXTURE_H
#define TESTS_UNIT_KUBE_CALL_FIXTURE_H

#include "fault_server.h"
#include "kube/kube_priv.h"

/* Long enough for a busy machine; no test waits for it to pass. */
#define PATIENCE_MS 30000

struct call_fixture {
	struct fault_server server;
	struct kube *kube;
	char token_path[64];            /* of its tokenFile, which holds "sesame" */
	struct json_object *object;     /* something to create */
};

/* For cmocka_unit_test_setup_teardown. */
int call_fixture_set_up(void **state);
int call_fixture_tear_down(void **state);

/* answer NULL: there is no server; cluster_fields: more YAML fields of the kubeconfig's cluster, or "". */
void call_fixture_start(struct call_fixture *fixture, fault_fn answer, const char *scheme, const char *cluster_fields);
void call_fixture_write_token(struct call_fixture *fixture, const char *token);

/* Fails for another code, and for a message that tells the server's address or the token. */
void assert_code(const struct err *err, enum err_code code);

#endif
