/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/events.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "kube/kube.h"
#include "operator/status.h"
#include "operator/threads.h"

/* Some 0.8 KB each. */
#define WAITING_MAX 256

/* After one that could not be written. */
#define PAUSE_MS 500

/* The API server takes 1024 bytes. */
#define MESSAGE_MAX 700

#define COMPONENT "sparkgate-operator"

struct events {
	struct kube *kube;
	struct log *log;
	pthread_t thread;
	pthread_mutex_t lock;           /* of all below */
	pthread_cond_t changed;
	char *waiting[WAITING_MAX];     /* a ring of JSON texts */
	size_t first, count;
	size_t lost;
	uint64_t number;
	bool closed;
};

/* ---- what is told ---- */

/* Who is named in the message, and whether the status' errorMessage follows. */
enum subject { SUBJECT_APPLICATION, SUBJECT_APPLICATION_WITH_ERROR, SUBJECT_DRIVER };

struct telling {
	const char *state;
	const char *type;
	const char *reason;
	enum subject subject;
	const char *before, *after;     /* the name, in the message */
};

/* In the order in which they are told. */
static const struct telling moves[] = {
	{ STATE_SUBMITTED, "Normal", "SparkApplicationSubmitted", SUBJECT_APPLICATION,
	  "SparkApplication ", " was submitted successfully" },
	{ STATE_RUNNING, "Normal", "SparkDriverRunning", SUBJECT_DRIVER, "Driver ", " is running" },
	{ STATE_COMPLETED, "Normal", "SparkDriverCompleted", SUBJECT_DRIVER, "Driver ", " completed" },
	{ STATE_COMPLETED, "Normal", "SparkApplicationCompleted", SUBJECT_APPLICATION, "SparkApplication ", " completed" },
	{ STATE_FAILING, "Warning", "SparkDriverFailed", SUBJECT_DRIVER, "Driver ", " failed" },
	{ STATE_FAILED, "Warning", "SparkDriverFailed", SUBJECT_DRIVER, "Driver ", " failed" },
	{ STATE_FAILED, "Warning", "SparkApplicationFailed", SUBJECT_APPLICATION_WITH_ERROR,
	  "SparkApplication ", " failed: " },
	{ STATE_SUBMISSION_FAILED, "Warning", "SparkApplicationSubmissionFailed", SUBJECT_APPLICATION_WITH_ERROR,
	  "failed to submit SparkApplication ", ": " },
	{ STATE_PENDING_RERUN, "Warning", "SparkApplicationPendingRerun", SUBJECT_APPLICATION,
	  "SparkApplication ", " is pending rerun" },
	{ STATE_SUSPENDING, "Warning", "SparkApplicationSuspending", SUBJECT_APPLICATION,
	  "SparkApplication ", " is suspending" },
	{ STATE_SUSPENDED, "Warning", "SparkApplicationSuspended", SUBJECT_APPLICATION,
	  "SparkApplication ", " is suspended" },
	{ STATE_UNKNOWN, "Warning", "SparkDriverUnknown", SUBJECT_DRIVER, "Driver ", " in unknown state" },
};

static const struct telling executor_moves[] = {
	{ "PENDING", "Normal", "SparkExecutorPending", 0, "Executor ", " is pending" },
	{ "RUNNING", "Normal", "SparkExecutorRunning", 0, "Executor ", " is running" },
	{ "COMPLETED", "Normal", "SparkExecutorCompleted", 0, "Executor ", " completed" },
	{ "FAILED", "Warning", "SparkExecutorFailed", 0, "Executor ", " failed" },
	{ "UNKNOWN", "Warning", "SparkExecutorUnknown", 0, "Executor ", " in unknown state" },
};

/* ---- what waits ---- */

static void
put_in(struct events *events, char *text)
{
	bool has_room;

	pthread_mutex_lock(&events->lock);
	has_room = text != NULL && events->count < WAITING_MAX;
	if (has_room)
		events->waiting[(events->first + events->count++) % WAITING_MAX] = text;
	else
		events->lost++;
	pthread_cond_signal(&events->changed);
	pthread_mutex_unlock(&events->lock);
	if (!has_room)
		free(text);
}

/* NULL: it is over. */
static char *
take_out(struct events *events, size_t *ret_lost)
{
	char *text = NULL;

	pthread_mutex_lock(&events->lock);
	while (events->count == 0 && !events->closed)
		pthread_cond_wait(&events->changed, &events->lock);
	if (!events->closed) {
		text = events->waiting[events->first];
		events->first = (events->first + 1) % WAITING_MAX;
		/* told once what there was too much of has been written */
		*ret_lost = --events->count == 0 ? events->lost : 0;
		if (events->count == 0)
			events->lost = 0;
	}
	pthread_mutex_unlock(&events->lock);
	return text;
}

static uint64_t
next_number(struct events *events)
{
	uint64_t number;

	pthread_mutex_lock(&events->lock);
	number = ++events->number;
	pthread_mutex_unlock(&events->lock);
	return number;
}

/* ---- one event ---- */

static struct json_object *
reference(struct events *events, struct json_object *application)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "apiVersion", json_string(application, "apiVersion"));
	json_add_string(object, "kind", json_string(application, "kind"));
	json_add_string(object, "namespace", kube_namespace(events->kube));
	json_add_string(object, "name", json_string_at(application, "metadata", "name", NULL));
	json_add_string(object, "uid", json_string_at(application, "metadata", "uid", NULL));
	return object;
}

/* Its name: as client-go's, the object's and the time; and a number, for several threads may tell at the same time. */
static const char *
name_event(struct events *events, struct arena *arena, struct json_object *application, int64_t now_us)
{
	return arena_printf(arena, "%s.%" PRIx64 "%04" PRIx64, json_string_at(application, "metadata", "name", NULL),
			    (uint64_t)now_us, next_number(events) & 0xffff);
}

static void
tell(struct events *events, struct arena *arena, struct json_object *application, const struct telling *telling,
     const char *name, const char *error)
{
	AUTO_JSON struct json_object *event = json_object_new_object();
	struct json_object *metadata = json_object_new_object(), *source = json_object_new_object();
	int64_t now_us = clock_wall_us();

	json_add_string(metadata, "name", name_event(events, arena, application, now_us));
	json_add_string(source, "component", COMPONENT);
	json_object_object_add(event, "metadata", metadata);
	json_object_object_add(event, "source", source);
	json_object_object_add(event, "involvedObject", reference(events, application));
	json_add_string(event, "type", telling->type);
	json_add_string(event, "reason", telling->reason);
	json_add_string(event, "message", arena_printf(arena, "%s%s%s%.*s", telling->before, name, telling->after,
						       MESSAGE_MAX, error));
	status_set_time(arena, event, "firstTimestamp", now_us / 1000000);
	status_set_time(arena, event, "lastTimestamp", now_us / 1000000);
	json_add_int(event, "count", 1);
	json_add_string(event, "reportingComponent", COMPONENT);
	put_in(events, strdup(json_text(event)));
}

static void
tell_move(struct events *events, struct arena *arena, struct json_object *application, struct json_object *status,
	  const struct telling *telling)
{
	const char *error = json_string_at(status, "applicationState", "errorMessage", NULL);
	const char *name = json_string_at(application, "metadata", "name", NULL);

	if (telling->subject == SUBJECT_DRIVER)
		name = json_string_at(status, "driverInfo", "podName", NULL);
	/* there has been no driver */
	if (name == NULL)
		return;
	tell(events, arena, application, telling, name,
	     telling->subject == SUBJECT_APPLICATION_WITH_ERROR && error != NULL ? error : "");
}

static void
tell_executors(struct events *events, struct arena *arena, struct json_object *application, struct json_object *before,
	       struct json_object *status)
{
	struct json_object *states = json_member(status, "executorState");

	if (states == NULL)
		return;
	json_object_object_foreach(states, name, value)
	{
		const char *state = json_object_get_string(value);
		const char *state_before = json_string_at(before, "executorState", name, NULL);

		if (state == NULL || (state_before != NULL && strcmp(state, state_before) == 0))
			continue;
		for (size_t i = 0; i < ARRAY_COUNT(executor_moves); i++) {
			if (strcmp(executor_moves[i].state, state) == 0)
				tell(events, arena, application, &executor_moves[i], name, "");
		}
	}
}

void
events_tell(struct events *events, struct arena *arena, struct json_object *application, struct json_object *before,
	    struct json_object *status)
{
	const char *state = json_string_at(status, "applicationState", "state", NULL);
	const char *state_before = json_string_at(before, "applicationState", "state", NULL);
	bool has_moved = state != NULL && (state_before == NULL || strcmp(state, state_before) != 0);

	for (size_t i = 0; has_moved && i < ARRAY_COUNT(moves); i++) {
		if (strcmp(moves[i].state, state) == 0)
			tell_move(events, arena, application, status, &moves[i]);
	}
	tell_executors(events, arena, application, before, status);
}

/* ---- the thread that writes them ---- */

static bool
write_event(struct events *events, const char *text, struct err *err)
{
	AUTO_JSON struct json_object *event = json_tokener_parse(text);
	struct arena arena;
	bool written;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	written = kube_create(events->kube,
			      arena_printf(&arena, "/api/v1/namespaces/%s/events", kube_namespace(events->kube)), event,
			      NULL, err);
	arena_release(&arena);
	return written;
}

static void *
run(void *argument)
{
	struct events *events = argument;
	size_t lost = 0;
	char *text;

	while ((text = take_out(events, &lost)) != NULL) {
		struct err err = ERR_INIT;

		if (!write_event(events, text, &err)) {
			log_failure(events->log, LOG_LEVEL_DEBUG, "event_not_written", &err);
			poll(NULL, 0, PAUSE_MS);
		}
		if (lost > 0)
			log_event(events->log, LOG_LEVEL_INFO, "events_lost", LOG_INT("count", (int64_t)lost));
		free(text);
	}
	return NULL;
}

bool
events_new(const struct config *config, const struct config_cluster *cluster, struct log *log,
	   struct events **ret_events, struct err *err)
{
	struct events *events = calloc(1, sizeof(*events));
	int failure;

	if (events == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for events");
	events->log = log;
	if (!kube_new(config, cluster, &events->kube, err)) {
		free(events);
		return false;
	}
	if (pthread_mutex_init(&events->lock, NULL) != 0 || pthread_cond_init(&events->changed, NULL) != 0)
		abort();
	failure = threads_start(&events->thread, run, events);
	if (failure == 0) {
		*ret_events = events;
		return true;
	}
	kube_free(events->kube);
	free(events);
	return err_set(err, ERR_INTERNAL, "no thread can be started: %s", strerror(failure));
}

void
events_free(struct events *events)
{
	if (events == NULL)
		return;
	pthread_mutex_lock(&events->lock);
	events->closed = true;
	pthread_cond_signal(&events->changed);
	pthread_mutex_unlock(&events->lock);
	pthread_join(events->thread, NULL);
	for (; events->count > 0; events->count--) {
		free(events->waiting[events->first]);
		events->first = (events->first + 1) % WAITING_MAX;
	}
	pthread_cond_destroy(&events->changed);
	pthread_mutex_destroy(&events->lock);
	kube_free(events->kube);
	free(events);
}
