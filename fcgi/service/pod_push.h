/*
 * service/pod_push.h - brings the driver pod of a batch, and what came with it, into Kubernetes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The pod stands behind a gate until all of its objects are there (launch/launch.h): whoever is killed half-way leaves a
 * pod that has never run, and that the next one completes.
 */
#ifndef SERVICE_POD_PUSH_H
#define SERVICE_POD_PUSH_H

#include "batch/batch.h"
#include "service/app.h"

/*
 * objects  {"pod": the pod, "parts": [what it owns]}, as service/k8s_submit.c has stored them; changed by this call
 * err      ERR_EXISTS: another pod, or somebody else's object, has one of the names; else as launch/launch.h
 */
MUST_CHECK bool pod_push(struct arena *arena, struct app_cluster *cluster, const struct batch *batch,
			 struct json_object *objects, const char *gateway_key, struct err *err);

#endif
