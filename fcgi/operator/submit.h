/*
 * operator/submit.h - one attempt to run an application: its objects, in the order that operator/decide.h explains.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPERATOR_SUBMIT_H
#define OPERATOR_SUBMIT_H

#include "kube/kube.h"

enum submit_outcome {
	SUBMIT_DONE,            /* all objects are there, the driver pod behind its gate; `ret_status` is to be written */
	SUBMIT_FAILED,          /* they are not, and will not be by repeating it; `ret_status` is to be written */
	SUBMIT_LATER,           /* something that is going has to be gone first, or the API server is away: again later */
};

/*
 * ret_pod     the driver pod as it is now, the arena's; with SUBMIT_DONE only
 * ret_status  the arena's
 * err         why not, with SUBMIT_FAILED and SUBMIT_LATER
 */
enum submit_outcome submit_attempt(struct kube *kube, struct arena *arena, struct json_object *application,
				   int64_t now_s, struct json_object **ret_pod, struct json_object **ret_status,
				   struct err *err);

/*
 * Lets the driver pod be scheduled.
 * ret_pod  the arena's
 * err      ERR_NOT_FOUND: it is gone; ERR_INVALID: another has its name
 */
MUST_CHECK bool submit_release(struct kube *kube, struct arena *arena, struct json_object *pod,
			       struct json_object **ret_pod, struct err *err);

/* "/api/v1/namespaces/NS/pods", with "/NAME" unless name is NULL. */
char *submit_pod_path(struct kube *kube, struct arena *arena, const char *name);

#endif
