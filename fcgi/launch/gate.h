/*
 * launch/gate.h - the scheduling gate that holds a driver pod back until everything that it needs is there. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAUNCH_GATE_H
#define LAUNCH_GATE_H

#include <json-c/json.h>
#include <stdbool.h>

#define LAUNCH_GATE "sparkgate.io/submission"

/* On pods: which submission they belong to, and of which application (contract crds.md 2.5). */
#define POD_LABEL_SUBMISSION "sparkoperator.k8s.io/submission-id"
#define POD_LABEL_APPLICATION "sparkoperator.k8s.io/app-name"

/* By its label. An id that is NULL is nobody's. */
bool launch_is_of_submission(struct json_object *pod, const char *submission_id);

/* Is the gate still closed? Then the pod has never run. */
bool launch_is_gated(struct json_object *pod);

/* Of a pod that is still to be created: adds the gate to those that its template has. */
void launch_close_gate(struct json_object *pod);

/* The pod's gates without this one, for its spec; NULL when there is no other. The caller's to put. */
struct json_object *launch_other_gates(struct json_object *pod);

#endif
