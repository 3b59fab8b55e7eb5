/*
 * api/k8s/k8s.h - as much of the Kubernetes API as spark-submit --master k8s:// asks for.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source of the protocol facts: contract k8s-facade.md, spark-submit 3.5.9 to 4.3.0. What is made is read here
 * (service/k8s_submit.h); what is only read is allowed here, and then carried by nginx to the cluster's API server.
 */
#ifndef API_K8S_K8S_H
#define API_K8S_K8S_H

#include "api/dispatch.h"
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

/* The error as a Status object, whose message spark-submit prints (contract 6). */
void k8s_answer_error(struct call *call, const struct err *err);
/* That something is gone, or will be. */
void k8s_answer_deleted(struct call *call, const char *pod_name);

#endif
