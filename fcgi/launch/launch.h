/*
 * launch/launch.h - brings a driver pod and what belongs to it to the cluster, so that it cannot start before all of it
 * is there, and that whoever was killed half-way can be repeated.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The order is the caller's to keep: the driver pod behind its gate (launch/gate.h), because its uid is wanted by all
 * others; what it owns; then the gate is opened. Killed before that, the pod has never run: its objects are found
 * under their names, or made again. The names must follow from the submission, not from chance.
 */
#ifndef LAUNCH_LAUNCH_H
#define LAUNCH_LAUNCH_H

#include "kube/kube.h"
#include "launch/gate.h"

struct launch {
	struct kube *kube;
	struct arena *arena;
	const char *namespace;
	struct json_object *pod;        /* as the API server has it, the arena's; NULL until it was created or found */
};

/* What the driver pod owns; borrowed. */
struct launch_objects {
	struct json_object *config_map;
	struct json_object *service;
	struct json_object *others;     /* an array */
};

/* "/api/v1/namespaces/NS/pods", with "/NAME" unless name is NULL. NULL for a kind that no driver has. */
char *launch_path(const struct launch *launch, const char *kind, const char *name);

/* Creates the driver pod, its gate closed. err  as kube_create(); ERR_EXISTS: launch_find_pod() and judge it */
MUST_CHECK bool launch_create_pod(struct launch *launch, struct json_object *pod, struct err *err);

/* err  ERR_CONFLICT: it has vanished; else as kube_get() */
MUST_CHECK bool launch_find_pod(struct launch *launch, const char *name, struct err *err);

/*
 * Creates one object that the driver pod owns; what is there already stays.
 * ret_object  as the API server has it, the arena's
 * err         ERR_CONFLICT: something of an earlier pod is going first, again later; ERR_EXISTS: somebody else's has its
 *             name; else as kube_create()
 */
MUST_CHECK bool launch_create_one(struct launch *launch, struct json_object *object, struct json_object **ret_object,
				  struct err *err);
/* The same for all of these. */
MUST_CHECK bool launch_create_owned(struct launch *launch, const struct launch_objects *objects, struct err *err);

/*
 * Lets the driver pod be scheduled.
 * err  ERR_NOT_FOUND: it is gone; ERR_INVALID: another has its name
 */
MUST_CHECK bool launch_open(struct launch *launch, struct err *err);

/* Deletes this very object; that it is gone, or another has its name, is fine. */
MUST_CHECK bool launch_remove(struct launch *launch, const char *kind, struct json_object *object, struct err *err);

/* Sees to it that the object goes, and always fails: with ERR_CONFLICT, again later, or why it could not be removed. */
MUST_CHECK bool launch_wait_for_removal(struct launch *launch, const char *kind, struct json_object *object,
					struct err *err);

/* By its owner references; names may be NULL, and are nobody's then. */
bool launch_is_owned_by(struct json_object *object, const char *kind, const char *name);

/*
 * Is it pointless to repeat the call that failed so? A right that is lacking is an administrator's to give, and no fault
 * of the submission's: that is none.
 */
bool launch_is_refusal(const struct err *err);

#endif
