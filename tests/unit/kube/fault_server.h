/*
 * tests/unit/kube/fault_server.h - an HTTP server that misbehaves on purpose, in a process of its own, on loopback.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For faults of the network only; what Kubernetes itself does is tested against the real one (tests/kube).
 */
#ifndef TESTS_UNIT_KUBE_FAULT_SERVER_H
#define TESTS_UNIT_KUBE_FAULT_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Answers one request. count: how many came before it, over all connections; head: the request's head.
 * Returns whether the connection stays open.
 */
typedef bool (*fault_fn)(int fd, int count, const char *head);

struct fault_server {
	pid_t pid;
	int port;
};

void fault_server_start(struct fault_server *server, fault_fn answer);
void fault_server_stop(struct fault_server *server);

/* For the answering: text as it is, a whole answer, the start of a chunked one, a chunk. */
void fault_send(int fd, const char *text);
void fault_answer(int fd, int http_status, const char *more_headers, const char *body);
void fault_begin_chunks(int fd);
void fault_chunk(int fd, const char *text);
/* A good answer that is larger than any limit. */
void fault_endless(int fd);
/* Until the client goes away. */
void fault_say_nothing(int fd);

#endif
