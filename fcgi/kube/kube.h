/*
 * kube/kube.h - calls to one Kubernetes API server over kept-alive connections.
 * Knows the API server's HTTP, JSON and credentials; nothing of batches. The only room that sees libcurl.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source of the protocol facts: Kubernetes 1.34 API concepts and errors, as recorded by running it.
 */
#ifndef KUBE_KUBE_H
#define KUBE_KUBE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

struct kube;

/*
 * One API server as one configured cluster names it. Reads the kubeconfig or the in-cluster files; opens nothing yet.
 * The process ignores SIGPIPE: a connection that breaks while OpenSSL writes would end it.
 * err  ERR_INVALID: which file and field, and the remedy (exec and auth-provider users are refused: use a token file)
 */
MUST_CHECK bool kube_new(const struct config *config, const struct config_cluster *cluster, struct kube **ret_kube,
			 struct err *err);
void kube_free(struct kube *kube);

/* The namespace in force: the configuration's, else the kubeconfig context's or the pod's own, else "default". */
const char *kube_namespace(const struct kube *kube);

/*
 * Objects come without metadata.managedFields, here as from lists and watches.
 * All calls below: bounded by kube.connect_timeout_ms and kube.request_timeout_ms; a 401 makes the credentials be read
 * anew and the call be repeated once.
 *
 * path  with query, from the root: "/apis/sparkoperator.k8s.io/v1beta2/namespaces/n/sparkapplications"
 * err   by HTTP status, then by the Status object's reason when the body is one (it need not be JSON at all):
 *   ERR_UNAVAILABLE  no connection, TLS failure, 5xx, 429 (err->retry_after_s from Retry-After)
 *   ERR_TIMEOUT      the limit passed, or the connection broke after what is no GET was sent; whether the server
 *                    acted is unknown
 *   ERR_QUOTA        403 "exceeded quota" or "failed quota", 409 on resourcequotas
 *   ERR_EXISTS       409 AlreadyExists        ERR_CONFLICT  409 otherwise
 *   ERR_NOT_FOUND    404 of an object         ERR_GONE      410
 *   ERR_INVALID      400, 413, 415, 422, an admission webhook's denial, and "request is too large" whatever its status
 *   ERR_FORBIDDEN    403 otherwise (RBAC), 404 in plain text (the CRD is not installed), 404 of the namespace
 *   ERR_UNAUTHORIZED 401 after the repetition
 *   ERR_TOO_LARGE    an answer above LIMIT_KUBE_ANSWER_BYTES
 *   msg = the server's own message (no host, no token); detail = HTTP status, reason, curl's text
 * ERR_FORBIDDEN is only believed when /readyz says 200 right after it: a server that has just started refuses what it
 * will allow a second later. Otherwise it becomes ERR_UNAVAILABLE.
 */
MUST_CHECK bool kube_create(struct kube *kube, const char *path, struct json_object *object,
			    struct json_object **ret_object, struct err *err);
MUST_CHECK bool kube_get(struct kube *kube, const char *path, struct json_object **ret_object, struct err *err);

/*
 * Replaces an object, or its status when the path ends in "/status", as it was read: ERR_CONFLICT when its
 * metadata.resourceVersion is not the newest any more.
 */
MUST_CHECK bool kube_replace(struct kube *kube, const char *path, struct json_object *object,
			     struct json_object **ret_object, struct err *err);

/*
 * Merges `changes` into an object (RFC 7396: null removes). With metadata.uid among them only into the object of that
 * uid: else ERR_INVALID, because a uid cannot be changed.
 */
MUST_CHECK bool kube_merge(struct kube *kube, const char *path, struct json_object *changes,
			   struct json_object **ret_object, struct err *err);

/*
 * Deletes with Background propagation, only the object of that uid when uid is not NULL (else ERR_CONFLICT); or,
 * where the path is a collection's with a labelSelector, all that it selects. ERR_NOT_FOUND: it is gone, which is
 * what the caller wanted; true: the server took the deletion.
 */
MUST_CHECK bool kube_delete(struct kube *kube, const char *path, const char *uid, struct err *err);

/*
 * Lists a collection, in pages of 25; on_item is called for each item (borrowed). False from on_item ends the list
 * with its err. A list that fails half-way says so: absence may be concluded from a complete list only.
 * query        e.g. "labelSelector=app%3Dsparkgate", or ""
 * ret_version  resourceVersion to watch from; allocated, the caller's to free
 * err          also ERR_GONE (the continue token aged: begin again)
 */
typedef bool (*kube_item_fn)(void *context, struct json_object *item, struct err *err);
MUST_CHECK bool kube_list(struct kube *kube, const char *path, const char *query, kube_item_fn on_item, void *context,
			  char **ret_version, struct err *err);

/* Is the server ready, and who are we? Used by check-config and readiness; GET /readyz. */
MUST_CHECK bool kube_ready(struct kube *kube, struct err *err);

/* The Authorization header in force, the arena's; NULL: this server knows us by our certificate. Keep it out of logs. */
const char *kube_authorization(struct kube *kube, struct arena *arena);

/* Percent-encodes one query value or path segment. */
char *kube_escape(struct arena *arena, const char *text);

#endif
