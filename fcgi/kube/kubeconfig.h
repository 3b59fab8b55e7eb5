/*
 * kube/kubeconfig.h - where an API server is and who we are to it: from a kubeconfig file, or as a pod sees it.
 * Reads files; connects to nothing.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: client-go's clientcmd v1 Config; what it would refuse is refused here.
 */
#ifndef KUBE_KUBECONFIG_H
#define KUBE_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* Where the kubelet puts a pod's service account. */
#define KUBECONFIG_POD_DIRECTORY "/var/run/secrets/kubernetes.io/serviceaccount"

/* A certificate or key: in memory (bytes wins), in a file that is read for every new connection, or neither. */
struct pem {
	const char *bytes;
	size_t size_bytes;
	const char *file;
};

struct endpoint {
	const char *server;             /* "https://host:port/path", without a slash at its end */
	const char *namespace;          /* NULL: it names none */
	const char *tls_server_name;    /* NULL: the server's host */
	const char *proxy_url;          /* NULL: what the environment says */
	bool insecure;                  /* take any certificate */
	struct pem ca;                  /* neither: the system's */
	struct pem certificate;
	struct pem key;
	const char *token;
	const char *token_file;         /* wins; read again and again */
	const char *username;
	const char *password;
	const char **impersonation;     /* header lines; impersonation[impersonation_count] */
	size_t impersonation_count;
};

/*
 * context  NULL: the file's current-context
 * err      ERR_INVALID with "file:line: field: what is wrong and what would be right"
 */
MUST_CHECK bool kubeconfig_read(struct arena *arena, const char *path, const char *context,
				struct endpoint *ret_endpoint, struct err *err);

/* The same from a pod's service account in `directory` and the environment of a pod. */
MUST_CHECK bool kubeconfig_in_pod(struct arena *arena, const char *directory, struct endpoint *ret_endpoint,
				  struct err *err);

#endif
