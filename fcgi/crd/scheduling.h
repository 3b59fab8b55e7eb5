/*
 * crd/scheduling.h - what pods need of Kubernetes' scheduler that Spark has no property for. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * By the pod templates, which every operator hands to its pods, with or without a webhook. Nodes and GPUs have properties
 * of Spark's own: spark.kubernetes.node.selector.*, spark.executor.resource.gpu.*
 */
#ifndef CRD_SCHEDULING_H
#define CRD_SCHEDULING_H

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"

#define SCHEDULING_PRIORITY_KEY "spark.sparkgate.priorityClassName"
#define SCHEDULING_TOLERATIONS_KEY "spark.sparkgate.tolerations"

struct scheduling {
	const char *priority_class;             /* NULL: the cluster's default */
	struct json_object *tolerations;        /* an array, the arena's; NULL: none */
};

/*
 * Takes both out of the conf. Tolerations are written as "kubectl taint" writes taints, with commas between:
 * "dedicated=spark:NoSchedule,gpu:NoExecute,spot". Without a value any one is tolerated, without an effect all of them.
 *
 * err  ERR_INVALID: which property, what of it, and what would be right
 */
MUST_CHECK bool scheduling_take(struct arena *arena, struct batch_pairs *conf, struct scheduling *ret_scheduling,
			       struct err *err);

bool scheduling_is_empty(const struct scheduling *scheduling);

/* Into a pod template. */
void scheduling_add(const struct scheduling *scheduling, struct json_object *template);

#endif
