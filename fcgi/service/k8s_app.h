/*
 * service/k8s_app.h - applications whose drivers run already and have their executors made here (--master k8s:// in
 * client mode, and drivers that were submitted here and told to come back).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: contract k8s-facade.md 7. There is no submission: the first thing that is seen of an application makes its
 * batch, whichever it is and whoever gets it. Whose it is then, it stays. What is made for it carries the batch's
 * labels, and nothing else is shown or deleted, whatever a client's selector says.
 */
#ifndef SERVICE_K8S_APP_H
#define SERVICE_K8S_APP_H

#include "base/buf.h"
#include "service/k8s_submit.h"
#include "store/k8s_app_store.h"

/*
 * The application of that id: found, or made where is_first_sight is allowed.
 * err  ERR_NOT_FOUND: there is none; ERR_FORBIDDEN: it is somebody else's
 */
MUST_CHECK bool k8s_app_see(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *app_id,
			    const char *name, enum access access, bool is_first_sight, struct store_k8s_app *ret_app,
			    struct app_cluster **ret_cluster, struct err *err);

/*
 * Makes an executor's pod, its claim or its config map. Sent again, it is the one that is there.
 * ret_object  as the API server has it, the arena's
 * err         ERR_FORBIDDEN: what of it is not allowed, or the application has ended; ERR_INVALID; ERR_EXISTS: another
 *             one has this name; else as kube_create()
 */
MUST_CHECK bool k8s_app_create(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *kind,
			       struct json_object *object, struct json_object **ret_object, struct err *err);

/*
 * Deletes what a label selector wants of one application; removing its services is how a driver begins to stop.
 * kind            "Pod", "ConfigMap", "Service" or "PersistentVolumeClaim"
 * field_selector  NULL: none
 * err             ERR_FORBIDDEN: the selector names no application, or somebody else's; ERR_NOT_FOUND: nobody's
 */
MUST_CHECK bool k8s_app_delete_selected(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *kind,
					const char *selector, const char *field_selector, struct err *err);

/*
 * One pod by its name: whole when it is an executor of the caller's; else k8s_app_driver_view().
 * err  ERR_NOT_FOUND, in Kubernetes' words; ERR_FORBIDDEN: it belongs to somebody else
 */
MUST_CHECK bool k8s_app_show_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
				 struct json_object **ret_pod, struct err *err);

/* Deletes one executor; err also ERR_NOT_FOUND: there is none of that name. */
MUST_CHECK bool k8s_app_delete_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
				   struct err *err);

/* Sets the one label that a driver may set. ret_pod  the executor after it, the arena's */
MUST_CHECK bool k8s_app_patch_pod(struct app *app, struct arena *arena, const struct k8s_origin *origin, const char *pod_name,
				  struct json_object *patch, struct json_object **ret_pod, struct err *err);

/* Adds the label selector: only what was made for this application's executors, whatever else the client wants. */
MUST_CHECK bool k8s_app_select(struct app *app, struct arena *arena, const struct batch *batch, struct buf *query, const char *wanted,
			       struct err *err);

#endif
