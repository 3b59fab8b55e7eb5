/*
 * service/k8s_app_driver.h - the pod in which a driver of client mode runs, when it says which one that is.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whoever asks for executors can call any pod of the namespace its driver's (spark.kubernetes.driver.pod.name). It is
 * believed of a pod from which the request came, by the pod's address, and of one that has the label
 * sparkgate.io/driver=client: such a pod's end is the application's, its log is read, and it is deleted when the
 * application is killed. Of any other pod only that is used and shown which a driver must know of its own: its name,
 * uid and phase.
 */
#ifndef SERVICE_K8S_APP_DRIVER_H
#define SERVICE_K8S_APP_DRIVER_H

#include "service/k8s_submit.h"
#include "store/k8s_app_store.h"

/*
 * Is there a pod of this name and uid, and is it the driver's? Then it becomes the batch's object; it gets the
 * batch's labels, so that the watch of drivers brings its states.
 * app  changed: what was learned
 * err  ERR_INVALID: there is no such pod; else as kube_get()
 */
MUST_CHECK bool k8s_app_driver_learn(struct app *app, struct arena *arena, struct app_cluster *cluster, struct store_k8s_app *known,
				     const char *pod_name, const char *pod_uid, const char *address, struct err *err);

/* Once more, where the labels could not be written at once; what fails is tried again. */
void k8s_app_driver_mark(struct app *app, struct arena *arena, struct app_cluster *cluster, const struct batch *batch);

/* What of any pod is shown to whoever knows its name: enough for a driver to see that it is ready. The arena's. */
struct json_object *k8s_app_driver_view(struct arena *arena, struct json_object *pod);

#endif
