/*
 * batch/placement.h - which cluster gets a batch that names none. No I/O: health and chance are given.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BATCH_PLACEMENT_H
#define BATCH_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* What placement knows of a cluster; names are borrowed. */
struct placement_cluster {
	const char *name;
	int weight;
	const char *const *queues;      /* queues[queues_count] */
	size_t queues_count;
	bool drains;
	bool is_up;
};

/*
 * The rule is that of "Choice of a cluster" in sparkgate.conf(5).
 * clusters    at least one
 * queue       NULL: none
 * random      any number, each as likely as the others
 * ret_chosen  an index into clusters[count]
 * err         ERR_INVALID: no cluster has that queue; ERR_UNAVAILABLE: those that might take it drain
 */
MUST_CHECK bool placement_choose(const struct placement_cluster *clusters, size_t count, const char *queue, uint64_t random,
				 size_t *ret_chosen, struct err *err);

/* The refusal of a batch that names a cluster that drains; always false. */
bool placement_refuse_draining(const char *cluster, struct err *err);

#endif
