/*
 * service/object.h - a batch's object in its cluster, whatever it is: a SparkApplication, or the driver's pod itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_OBJECT_H
#define SERVICE_OBJECT_H

#include "batch/batch.h"
#include "service/app.h"

/*
 * Deletes the batch's object. A pod has the name that its client gave it: one under that name that is not this batch's is
 * left alone, and the batch's is gone.
 * err  ERR_NOT_FOUND: it is gone; else as kube_delete()
 */
MUST_CHECK bool object_delete(struct arena *arena, struct app_cluster *cluster, const struct batch *batch, struct err *err);

#endif
