/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

#define DURATION_S 15
#define RENEW_MS 5000
/* Nothing is begun any more after so long without a renewal; what was begun has the rest of the duration. */
#define HELD_MS 10000
/* How often one who waits looks. */
#define LOOK_MS 1000

struct lease {
	struct kube *kube;
	struct arena arena;
	const char *collection, *path;
	char host[65];                  /* and the pid namespace: where the numbers of processes mean something */
	char self[160];                 /* host/namespace/pid/start */
	char holder[160];
	char renewed_text[64];          /* of the record as it was seen last, with holder */
	int64_t seen_ms;                /* when that record was first seen */
	int64_t asked_ms;
	_Atomic int64_t renewed_ms;     /* when the request began that made it ours; 0: it is not */
};

/*
 * Field 22 of /proc/PID/stat, which tells a process from a later one of that number; 0: there is none, or it has ended
 * and only its parent has not asked yet.
 */
static unsigned long long
start_of(long pid)
{
	char path[64], stat[512];
	unsigned long long start = 0;
	const char *at;
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	size = fread(stat, 1, sizeof(stat) - 1, file);
	fclose(file);
	stat[size] = '\0';
	at = strrchr(stat, ')');
	if (at != NULL && strncmp(at, ") Z", 3) == 0)
		return 0;
	for (int field = 2; at != NULL && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at != NULL)
		start = strtoull(at, NULL, 10);
	return start;
}

static void
name_self(struct lease *lease)
{
	char namespace[32] = "";
	struct utsname uts;

	if (readlink("/proc/self/ns/pid", namespace, sizeof(namespace) - 1) < 0)
		namespace[0] = '\0';
	if (uname(&uts) != 0)
		uts.nodename[0] = '\0';
	snprintf(lease->host, sizeof(lease->host), "%.32s/%.31s", uts.nodename, namespace);
	snprintf(lease->self, sizeof(lease->self), "%s/%ld/%llu", lease->host, (long)getpid(), start_of(getpid()));
}

struct lease *
lease_new(struct kube *kube)
{
	struct lease *lease = calloc(1, sizeof(*lease));

	if (lease == NULL)
		abort(); /* as everywhere (base/arena.h): stateless, and started anew */
	lease->kube = kube;
	arena_init(&lease->arena, LIMIT_ARENA_BYTES);
	lease->collection = arena_printf(&lease->arena, "/apis/coordination.k8s.io/v1/namespaces/%s/leases",
					 kube_namespace(kube));
	lease->path = arena_printf(&lease->arena, "%s/" LEASE_NAME, lease->collection);
	name_self(lease);
	return lease;
}

bool
lease_is_held(const struct lease *lease)
{
	int64_t renewed_ms = lease->renewed_ms;

	return renewed_ms != 0 && clock_monotonic_ms() - renewed_ms < HELD_MS;
}

const char *
lease_holder(const struct lease *lease)
{
	return lease->holder;
}

/* ---- the record ---- */

static const char *
text_at(struct json_object *object, const char *key)
{
	const char *text = json_string_at(object, "spec", key, NULL);

	return text == NULL ? "" : text;
}

/* Kubernetes' MicroTime. */
static void
add_time(struct json_object *spec, const char *key)
{
	int64_t now_us = clock_wall_us();
	time_t seconds = (time_t)(now_us / 1000000);
	char day[32], text[48];
	struct tm utc;

	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
	snprintf(text, sizeof(text), "%s.%06dZ", day, (int)(now_us % 1000000));
	json_add_string(spec, key, text);
}

static void
fill_record(const struct lease *lease, struct json_object *object)
{
	struct json_object *before = json_member(object, "spec");
	bool was_ours = strcmp(text_at(object, "holderIdentity"), lease->self) == 0;
	struct json_object *spec = json_object_new_object();

	json_add_string(spec, "holderIdentity", lease->self);
	json_add_int(spec, "leaseDurationSeconds", DURATION_S);
	json_add_int(spec, "leaseTransitions", json_int(before, "leaseTransitions", 0) + (was_ours ? 0 : 1));
	if (was_ours)
		json_add_string(spec, "acquireTime", text_at(object, "acquireTime"));
	else
		add_time(spec, "acquireTime");
	add_time(spec, "renewTime");
	json_object_object_add(object, "spec", spec);
}

static void
remember(struct lease *lease, struct json_object *object)
{
	const char *holder = text_at(object, "holderIdentity"), *renewed = text_at(object, "renewTime");

	if (strcmp(holder, lease->holder) == 0 && strcmp(renewed, lease->renewed_text) == 0 && lease->seen_ms != 0)
		return;
	snprintf(lease->holder, sizeof(lease->holder), "%s", holder);
	snprintf(lease->renewed_text, sizeof(lease->renewed_text), "%s", renewed);
	lease->seen_ms = clock_monotonic_ms();
}

/* Only a process of this host and pid namespace can be known to have ended. */
static bool
holder_has_ended(const struct lease *lease)
{
	size_t size = strlen(lease->host);
	unsigned long long start = 0;
	long pid = 0;

	return strncmp(lease->holder, lease->host, size) == 0 &&
	       sscanf(lease->holder + size, "/%ld/%llu", &pid, &start) == 2 && start_of(pid) != start;
}

static bool
may_be_taken(const struct lease *lease, struct json_object *object)
{
	int64_t duration_s = json_int(json_member(object, "spec"), "leaseDurationSeconds", DURATION_S);

	return lease->holder[0] == '\0' || strcmp(lease->holder, lease->self) == 0 || holder_has_ended(lease) ||
	       clock_monotonic_ms() - lease->seen_ms > duration_s * 1000;
}

/* ---- calls ---- */

static bool
create(struct lease *lease, struct json_object **ret_object, struct err *err)
{
	AUTO_JSON struct json_object *object = json_object_new_object();
	struct json_object *metadata = json_object_new_object();

	json_add_string(object, "apiVersion", "coordination.k8s.io/v1");
	json_add_string(object, "kind", "Lease");
	json_add_string(metadata, "name", LEASE_NAME);
	json_object_object_add(object, "metadata", metadata);
	fill_record(lease, object);
	return kube_create(lease->kube, lease->collection, object, ret_object, err);
}

static bool
take(struct lease *lease, struct err *err)
{
	AUTO_JSON struct json_object *object = NULL, *written = NULL;
	int64_t began_ms = clock_monotonic_ms();
	bool taken;

	if (kube_get(lease->kube, lease->path, &object, err)) {
		remember(lease, object);
		if (!may_be_taken(lease, object)) {
			lease->renewed_ms = 0;
			return true;
		}
		fill_record(lease, object);
		taken = kube_replace(lease->kube, lease->path, object, &written, err);
	} else {
		taken = err->code == ERR_NOT_FOUND && create(lease, &written, err);
	}
	if (taken) {
		remember(lease, written);
		lease->renewed_ms = began_ms;
	}
	/* somebody else was quicker: the next look tells who */
	return taken || err->code == ERR_CONFLICT || err->code == ERR_EXISTS;
}

bool
lease_keep(struct lease *lease, struct err *err)
{
	int64_t now_ms = clock_monotonic_ms();

	if (lease->asked_ms != 0 && now_ms - lease->asked_ms < (lease_is_held(lease) ? RENEW_MS : LOOK_MS))
		return true;
	lease->asked_ms = now_ms;
	return take(lease, err);
}

static void
give_back(struct lease *lease)
{
	AUTO_JSON struct json_object *object = NULL, *written = NULL;
	struct err err = ERR_INIT;

	if (!kube_get(lease->kube, lease->path, &object, &err) ||
	    strcmp(text_at(object, "holderIdentity"), lease->self) != 0)
		return;
	json_add_string(json_member(object, "spec"), "holderIdentity", "");
	/* a failure means that the next one waits for its end */
	(void)!kube_replace(lease->kube, lease->path, object, &written, &err);
}

void
lease_free(struct lease *lease)
{
	if (lease == NULL)
		return;
	if (lease_is_held(lease))
		give_back(lease);
	arena_release(&lease->arena);
	free(lease);
}
