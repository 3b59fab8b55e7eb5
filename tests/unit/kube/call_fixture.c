/* SPDX-License-Identifier: Apache-2.0 */
#include "call_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* With short limits, for the tests that reach them. */
void
call_fixture_start(struct call_fixture *fixture, fault_fn answer, const char *scheme, const char *cluster_fields)
{
	const struct config config = {
		.kube_connect_timeout_ms = 300, .kube_request_timeout_ms = 600, .kube_watch_timeout_s = 1,
	};
	char path[] = "/tmp/sparkgate-faults-XXXXXX", text[512];
	struct config_cluster cluster = { .name = "test", .kubeconfig = path };
	struct err err = ERR_INIT;
	int fd = mkstemp(path);
	bool made;

	if (answer != NULL)
		fault_server_start(&fixture->server, answer);
	snprintf(text, sizeof(text),
		 "{current-context: t, contexts: [{name: t, context: {cluster: t, user: t}}],\n"
		 " clusters: [{name: t, cluster: {server: \"%s://127.0.0.1:%d\"%s}}],\n"
		 " users: [{name: t, user: {tokenFile: \"%s\"}}]}\n",
		 scheme, fixture->server.port, cluster_fields, fixture->token_path);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	made = kube_new(&config, &cluster, &fixture->kube, &err);
	unlink(path);
	if (!made)
		fail_msg("%s", err.msg);
}

void
call_fixture_write_token(struct call_fixture *fixture, const char *token)
{
	FILE *file = fopen(fixture->token_path, "w");

	assert_non_null(file);
	assert_true(fputs(token, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

int
call_fixture_set_up(void **state)
{
	struct call_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	signal(SIGPIPE, SIG_IGN);
	strcpy(fixture->token_path, "/tmp/sparkgate-token-XXXXXX");
	close(mkstemp(fixture->token_path));
	call_fixture_write_token(fixture, "sesame");
	fixture->object = json_object_new_object();
	*state = fixture;
	return 0;
}

int
call_fixture_tear_down(void **state)
{
	struct call_fixture *fixture = *state;

	kube_free(fixture->kube);
	fault_server_stop(&fixture->server);
	unlink(fixture->token_path);
	json_object_put(fixture->object);
	free(fixture);
	return 0;
}

void
assert_code(const struct err *err, enum err_code code)
{
	if (err->code != code)
		fail_msg("%s instead of %s: %s (%s)", err_code_text(err->code), err_code_text(code), err->msg,
			 err->detail);
	/* Neither says where the server is, nor the token. */
	assert_null(strstr(err->msg, "127.0.0.1"));
	assert_null(strstr(err->msg, "sesame"));
	assert_null(strstr(err->detail, "sesame"));
}
