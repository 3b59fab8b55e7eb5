/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/reconcilers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "operator/reconcile.h"
#include "operator/threads.h"

struct runner {
	struct reconciler reconciler;
	pthread_t thread;
};

struct reconcilers {
	struct seen *seen;
	size_t count;
	size_t running;
	struct runner runners[];
};

bool
reconcilers_new(const struct config *config, const struct config_cluster *cluster, struct log *log,
		const struct lease *lease, struct events *events, struct reconcilers **ret_reconcilers,
		struct err *err)
{
	size_t count = (size_t)config->operator_concurrent_reconciles;
	struct reconcilers *reconcilers = calloc(1, sizeof(*reconcilers) + count * sizeof(struct runner));

	if (reconcilers == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for %zu concurrent reconciles", count);
	reconcilers->count = count;
	for (size_t i = 0; i < count; i++) {
		struct reconciler *reconciler = &reconcilers->runners[i].reconciler;

		reconciler->log = log;
		reconciler->lease = lease;
		reconciler->events = events;
		if (!kube_new(config, cluster, &reconciler->kube, err)) {
			reconcilers_free(reconcilers);
			return false;
		}
	}
	*ret_reconcilers = reconcilers;
	return true;
}

void
reconcilers_free(struct reconcilers *reconcilers)
{
	if (reconcilers == NULL)
		return;
	for (size_t i = 0; i < reconcilers->count; i++)
		kube_free(reconcilers->runners[i].reconciler.kube);
	free(reconcilers);
}

static void *
run(void *argument)
{
	const struct reconciler *reconciler = argument;
	struct seen_entry *entry;

	while ((entry = seen_take(reconciler->seen)) != NULL) {
		reconcile_application(reconciler, entry);
		seen_give_back(reconciler->seen, entry);
	}
	return NULL;
}

bool
reconcilers_begin(struct reconcilers *reconcilers, struct seen *seen, struct err *err)
{
	int failure = 0;

	reconcilers->seen = seen;
	while (failure == 0 && reconcilers->running < reconcilers->count) {
		struct runner *runner = &reconcilers->runners[reconcilers->running];

		runner->reconciler.seen = seen;
		failure = threads_start(&runner->thread, run, &runner->reconciler);
		reconcilers->running += failure == 0;
	}
	if (failure == 0)
		return true;
	reconcilers_end(reconcilers);
	return err_set(err, ERR_INTERNAL, "no thread can be started: %s", strerror(failure));
}

void
reconcilers_end(struct reconcilers *reconcilers)
{
	if (reconcilers->running > 0)
		seen_close(reconcilers->seen);
	for (; reconcilers->running > 0; reconcilers->running--)
		pthread_join(reconcilers->runners[reconcilers->running - 1].thread, NULL);
}
