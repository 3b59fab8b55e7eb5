/*
 * api/k8s/k8s.h - as much of the Kubernetes API as spark-submit --master k8s:// asks for.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source of the protocol facts: contract k8s-facade.md, spark-submit 3.5.9 to 4.3.0. What is made is read here
 * (service/k8s_submit.h, service/k8s_app.h); what is only read is allowed here, and then carried by nginx to the
 * cluster's API server.
 */
#ifndef API_K8S_K8S_H
#define API_K8S_K8S_H

#include "api/dispatch.h"
#include "service/k8s_read.h"
#include "base/buf.h"
#include "service/k8s_submit.h"

extern const struct protocol k8s_protocol;

/* Is it a path of the Kubernetes API, whether it is served or not? Then its errors are answered as Kubernetes does. */
bool k8s_is_path(const char *path);

struct k8s_origin k8s_origin_of(const struct call *call, const char *namespace);

/* Reads: GET of the pods of one namespace or of all, of one pod, of its log. */
bool k8s_list_pods(struct call *call, struct err *err);
bool k8s_list_all_pods(struct call *call, struct err *err);
bool k8s_get_pod(struct call *call, struct err *err);
bool k8s_get_log(struct call *call, struct err *err);

/*
 * A list or a watch of one application's executors: handed over to nginx, or refused. ret_taken false: it is a list
 * of something else, or of an application that nobody knows.
 */
MUST_CHECK bool k8s_list_executors(struct call *call, const struct k8s_origin *origin, bool *ret_taken, struct err *err);
/* A list or a watch of one pod that no batch has: the caller's own, in client mode. */
MUST_CHECK bool k8s_list_driver(struct call *call, const struct k8s_origin *origin, const char *pod_name, struct err *err);

/* What a driver has made for its executors: service/k8s_app.h. */
bool k8s_create_executor(struct call *call, struct json_object *pod, struct err *err);
bool k8s_create_executors_map(struct call *call, struct err *err);
bool k8s_create_executors_claim(struct call *call, struct err *err);
bool k8s_list_claims(struct call *call, struct err *err);
bool k8s_patch_executor(struct call *call, struct err *err);
bool k8s_delete_pods(struct call *call, struct err *err);
bool k8s_delete_services(struct call *call, struct err *err);
bool k8s_delete_config_maps(struct call *call, struct err *err);
bool k8s_delete_claims(struct call *call, struct err *err);

/*
 * The body as a JSON object without any NUL, which neither PostgreSQL nor C's texts hold and nobody needs; the
 * arena's.
 */
MUST_CHECK bool k8s_read_body(struct call *call, struct json_object **ret_object, struct err *err);

/* Does the client want a watch, and no list? */
bool k8s_is_watch(struct call *call);

/*
 * Adds those words of the client's query that are known of lists, and hands the request over to nginx (service/k8s_read.h).
 * watch  where it is to begin and end otherwise than the client wants; all zero: as the client wants it
 */
MUST_CHECK bool k8s_carry_list(struct call *call, struct app_cluster *cluster, const char *path, struct buf *query,
			       const struct k8s_watch *watch, struct err *err);

/* The error as a Status object, whose message spark-submit prints (contract 6). */
void k8s_answer_error(struct call *call, const struct err *err);
/* That something is gone, or will be; name NULL: all that was selected. */
void k8s_answer_deleted(struct call *call, const char *plural, const char *name);

#endif
