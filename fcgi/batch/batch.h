/*
 * batch/batch.h - what a batch is: one submission, whatever protocol it came by. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"

enum batch_protocol { BATCH_LIVY, BATCH_SPARK_REST, BATCH_K8S, BATCH_PROTOCOL_COUNT };

/* Livy's words where Livy has one (contract livy.md section 3); "accepted" is before Kubernetes knows of it. */
enum batch_state {
	BATCH_ACCEPTED,
	BATCH_STARTING,
	BATCH_RUNNING,
	BATCH_SUCCESS,
	BATCH_DEAD,
	BATCH_KILLED,
	BATCH_ERROR,
	BATCH_STATE_COUNT
};

enum batch_reason {
	BATCH_NO_REASON,
	BATCH_REFUSED,
	BATCH_SUBMISSION_FAILED,
	BATCH_EXIT_CODE,
	BATCH_OUT_OF_MEMORY,
	BATCH_EVICTED,
	BATCH_DRIVER_LOST,
	BATCH_FAILED,
	BATCH_KILLED_BY_USER,
	BATCH_DELETED_OUTSIDE,
	BATCH_REASON_COUNT
};

/* When the gateway runs a batch again that has failed. */
struct batch_retry {
	int max;                        /* how often at most; 0: never */
	int interval_s;                 /* from a failure to the next run */
	unsigned reasons;               /* after which failures: BATCH_REASON_BIT() of each */
};

#define BATCH_REASON_BIT(reason) (1U << (reason))

/* One row of the ledger. Strings are borrowed from whoever made it, mostly a request's arena; NULL where unknown. */
struct batch {
	int64_t id;
	const char *uid;
	enum batch_protocol protocol;
	const char *name;
	const char *owner;
	const char *proxy_user;
	const char *cluster;
	const char *namespace;
	const char *operator_kind;
	const char *object_name;        /* of its current run */
	const char *first_object_name;  /* of its first one: see batch_object_of_run() */
	const char *request_id;
	enum batch_state state;
	enum batch_reason reason;
	const char *message;
	const char *app_id;
	const char *driver_pod;
	const char *driver_container;   /* in that pod; NULL: as Spark calls it */
	const char *object_uid;         /* metadata.uid of its object */
	bool driver_followed;           /* the operator lost track of the driver: the pod itself is asked */
	bool has_exit_code;
	int exit_code;                  /* of the driver's container */
	bool end_is_seen;               /* Kubernetes reported the end below; the log is being completed */
	enum batch_state end_state;     /* BATCH_SUCCESS or BATCH_DEAD */
	enum batch_reason end_reason;
	const char *end_message;
	int attempts;                   /* runs of its driver, with one that is about to begin; 0: none yet */
	struct batch_retry retry;
	int retries;                    /* how often the gateway has run it again; each run has an object of its own */
	const char *accepted_at;        /* times: ISO 8601, UTC, microseconds, e.g. 2026-11-21T12:00:00.000000Z */
	const char *queue;              /* that the client asked for */
	const char *admitted_at;        /* NULL: it waits for its turn */
	const char *pushed_at;
	const char *started_at;
	const char *finished_at;
	const char *kill_requested_at;
	const char *deleted_at;
	const char *stopped_at;         /* its driver has said that it stops; only of batch_is_client() */
	int64_t log_lines_count;        /* stored ones; they grow while the driver runs */
	struct json_object *log_tail;   /* the last stored lines, an array of strings; borrowed */
};

struct batch_pair {
	const char *key;
	const char *value;
};

struct batch_strings {
	const char **items;             /* items[count] */
	size_t count;
};

struct batch_pairs {
	struct batch_pair *items;       /* items[count]; no key twice */
	size_t count;
};

/* What a client asks to run, in our words; absent things are NULL, 0 or empty. */
struct batch_order {
	const char *name;
	const char *proxy_user;
	const char *file;
	const char *class_name;
	struct batch_strings args;
	struct batch_strings jars;
	struct batch_strings py_files;
	struct batch_strings files;
	struct batch_strings archives;
	const char *driver_memory;      /* Java style: 512m, 2g */
	const char *executor_memory;
	int driver_cores;               /* 0: not given */
	int executor_cores;
	int executors_count;            /* -1: not given */
	const char *queue;
	bool supervise;                 /* run again whenever it fails, until it succeeds or is killed */
	struct batch_pairs conf;
};

const char *batch_state_text(enum batch_state state);
bool batch_state_parse(const char *text, enum batch_state *ret_state);
const char *batch_protocol_text(enum batch_protocol protocol);
bool batch_protocol_parse(const char *text, enum batch_protocol *ret_protocol);
/* NULL for BATCH_NO_REASON. */
const char *batch_reason_text(enum batch_reason reason);
bool batch_reason_parse(const char *text, enum batch_reason *ret_reason);

/*
 * Is its object the very driver pod that the client sent, and nobody's SparkApplication? Then object_name is not used:
 * batch_object_name() is what its object is called.
 */
bool batch_is_pod(const struct batch *batch);
const char *batch_object_name(const struct batch *batch);

/*
 * What the SparkApplication of a run is called, counted from 0; the arena's. The first one's name is the row's own, the
 * others have their number behind it: at most 30 characters for ids below 10^14, because Spark derives the names of pods
 * and services from it.
 */
const char *batch_object_of_run(struct arena *arena, const char *first_object_name, int run);

/*
 * Did its driver run before the gateway heard of it, and does it only have its executors made here (client mode)?
 * Then its object is the driver's pod, if that is known at all: else driver_pod and batch_object_name() are NULL.
 */
bool batch_is_client(const struct batch *batch);

/* Are limits of its cluster reached, so that nothing of it may be made yet? */
bool batch_waits_for_turn(const struct batch *batch);

/* The value of a conf key, or NULL. */
const char *batch_pairs_get(const struct batch_pairs *pairs, const char *key);

#endif
