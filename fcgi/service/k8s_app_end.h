/*
 * service/k8s_app_end.h - how applications end whose drivers were not submitted here; the watcher's part.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The best evidence is the driver's pod, where it is known: its end is seen as every other driver's
 * (service/observe.h). Else it is that the driver has stopped the application in order; and else that nothing is
 * heard of it for watcher.driver_silence_s, with none of its executors running.
 */
#ifndef SERVICE_K8S_APP_END_H
#define SERVICE_K8S_APP_END_H

#include <stdint.h>

#include "service/app.h"

/*
 * Looks at some of those that may have ended. Silence counts only while somebody could have heard: leased_ms
 * (monotonic) is since when this watcher follows the cluster.
 */
void k8s_app_look(struct app *app, struct app_cluster *cluster, int64_t leased_ms);

#endif
