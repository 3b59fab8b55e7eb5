/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/placement.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A drain takes hours: whoever asks again every other second only makes work. */
#define DRAINING_RETRY_AFTER_S 30

/* Who is asked, among whom, and how many parts each one has by the rule. */
struct draw {
	const struct placement_cluster *clusters;
	size_t count;
	const char *queue;
	bool is_listed;                 /* some cluster lists the queue */
	const struct placement_cluster *first;  /* that comes into question; NULL: none */
	bool has_weights;               /* some of these have a weight */
};

static bool
lists(const struct placement_cluster *cluster, const char *queue)
{
	for (size_t i = 0; queue != NULL && i < cluster->queues_count; i++) {
		if (strcmp(cluster->queues[i], queue) == 0)
			return true;
	}
	return false;
}

static bool
is_candidate(const struct draw *draw, const struct placement_cluster *cluster)
{
	if (draw->queue == NULL)
		return true;
	return draw->is_listed ? lists(cluster, draw->queue) : cluster->queues_count == 0;
}

static const struct placement_cluster *
first_candidate(const struct draw *draw)
{
	for (size_t i = 0; i < draw->count; i++) {
		if (is_candidate(draw, &draw->clusters[i]))
			return &draw->clusters[i];
	}
	return NULL;
}

/* Of those that list the queue, what drains counts no more: the others are equals before nobody gets the batch. */
static bool
any_has_weight(const struct draw *draw)
{
	for (size_t i = 0; i < draw->count; i++) {
		const struct placement_cluster *cluster = &draw->clusters[i];

		if (is_candidate(draw, cluster) && cluster->weight > 0 && !(draw->is_listed && cluster->drains))
			return true;
	}
	return false;
}

static uint64_t
parts_of(const struct draw *draw, const struct placement_cluster *cluster)
{
	if (!is_candidate(draw, cluster) || cluster->drains)
		return 0;
	if (draw->has_weights)
		return (uint64_t)cluster->weight;
	return draw->is_listed || cluster == draw->first ? 1 : 0;
}

static bool
draw_among(const struct draw *draw, bool only_up, uint64_t random, size_t *ret_chosen)
{
	uint64_t all = 0, at;

	for (size_t i = 0; i < draw->count; i++) {
		if (draw->clusters[i].is_up || !only_up)
			all += parts_of(draw, &draw->clusters[i]);
	}
	if (all == 0)
		return false;
	at = random % all;
	for (size_t i = 0; i < draw->count; i++) {
		uint64_t parts = draw->clusters[i].is_up || !only_up ? parts_of(draw, &draw->clusters[i]) : 0;

		if (at < parts) {
			*ret_chosen = i;
			return true;
		}
		at -= parts;
	}
	return false;
}

static bool
refuse_queue(const struct draw *draw, struct err *err)
{
	char known[512] = "";
	size_t length = 0;

	for (size_t i = 0; i < draw->count; i++) {
		for (size_t k = 0; k < draw->clusters[i].queues_count && length < sizeof(known); k++)
			length += (size_t)snprintf(known + length, sizeof(known) - length, "%s%s", length == 0 ? "" : ", ",
						   draw->clusters[i].queues[k]);
	}
	return err_set(err, ERR_INVALID, "queue: no cluster has a queue '%s'; there are: %s", draw->queue, known);
}

static bool
unavailable(struct err *err)
{
	err->retry_after_s = DRAINING_RETRY_AFTER_S;
	return false;
}

bool
placement_choose(const struct placement_cluster *clusters, size_t count, const char *queue, uint64_t random, size_t *ret_chosen,
		 struct err *err)
{
	struct draw draw = { .clusters = clusters, .count = count, .queue = queue };

	assert(clusters != NULL && count > 0);
	for (size_t i = 0; i < count; i++)
		draw.is_listed = draw.is_listed || lists(&clusters[i], queue);
	draw.first = first_candidate(&draw);
	draw.has_weights = any_has_weight(&draw);
	if (draw.first == NULL)
		return refuse_queue(&draw, err);
	if (draw_among(&draw, true, random, ret_chosen) || draw_among(&draw, false, random, ret_chosen))
		return true;
	err_set_(err, ERR_UNAVAILABLE, "no cluster takes new batches now, those that this one might go to drain: try again later, or "
		 "name another cluster by conf spark.sparkgate.cluster");
	return unavailable(err);
}

bool
placement_refuse_draining(const char *cluster, struct err *err)
{
	err_set_(err, ERR_UNAVAILABLE, "cluster '%s' drains and takes nothing new: try again later, or name another one, or none", cluster);
	return unavailable(err);
}
