/*
 * service/followed_log.h - one driver's log on its way into the database: what log_follow.c has many of.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_FOLLOWED_LOG_H
#define SERVICE_FOLLOWED_LOG_H

#include "batch/lifecycle.h"
#include "batch/log_lines.h"
#include "kube/log_stream.h"
#include "service/app.h"

/* What the logs of a cluster share. */
struct followed_logs {
	struct app *app;
	struct app_cluster *cluster;
	struct kube_logs *streams;
	size_t following_count, catching_up_count;
	bool may_kill;                  /* a kill that waited for a log need not wait any longer */
};

struct followed_log {
	int64_t batch_id;
	int run;                        /* of the batch (retries): each has a log of its own */
	bool outdated;                  /* the batch has been run again since */
	struct arena arena;             /* of the texts below */
	const char *namespace;
	const char *pod;                /* NULL: there never was one */
	const char *container;          /* of the driver, in that pod */
	bool loaded;                    /* the reader knows where to go on */
	struct log_reader reader;
	struct kube_log_stream *stream; /* NULL: none */
	bool stream_follows;
	bool waits_told;                /* the log says that it is not followed */
	int retry_ms;
	int64_t heard_ms;               /* when its stream brought something, or was opened */
	int64_t begun_lines_count;      /* lines that there were when it was opened */
	int64_t retry_at_ms, written_ms, write_at_ms;
	int64_t look_at_ms;             /* has the driver ended? 0: nothing says so */
	/* the end */
	bool ending;
	int64_t ended_ms;               /* when that was learned */
	bool complete;                  /* all was read that can be had */
	struct batch_sight sight;
	int tries, whole_reads;
	size_t rest_size_bytes;         /* of the last line, without its end, in the last whole answer */
	int64_t kill_at_ms;             /* a kill waits until then; 0: none does */
	bool kill_freed;                /* it need not wait any longer */
};

/* Aborts without memory, as the arena does. */
struct followed_log *followed_log_new(const struct batch *batch, const char *driver_pod);
/* Which pod it is becomes known later. */
void followed_log_set_pod(struct followed_log *item, const struct batch *batch, const char *driver_pod);
void followed_log_free(struct followed_logs *logs, struct followed_log *item);

/* Reads on, writes what is due. True when the run is done with: the log is complete and what follows is written. */
bool followed_log_step(struct followed_logs *logs, struct followed_log *item, int64_t now_ms);

#endif
