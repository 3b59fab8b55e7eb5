/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/seen.h"

#include <json-c/linkhash.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "operator/decide.h"
#include "operator/executors.h"

#define EXPECTED 64

/* An object as it is kept. */
struct kept {
	char *text;                     /* NULL: there is none */
	char *version;                  /* its resourceVersion */
};

enum sight_of { SIGHT_OF_APPLICATION, SIGHT_OF_DRIVER, SIGHT_OF_EXECUTOR };

/* What one event says; of an executor, only that there is something new. */
struct sight {
	struct sight *next;
	enum sight_of of;
	bool is_deleted;
	struct kept object;
	char *uid;                      /* of a driver */
};

struct seen_entry {
	char *name;
	struct kept application, driver;
	char *driver_uid;
	char *released;
	struct executor *executors;     /* nobody's alone: the watch's */
	int64_t due_ms;
	bool told;
	bool queued;
	bool taken;
	struct sight *first_sight, *last_sight;         /* brought while it was taken */
	struct seen_entry *next_queued;
};

struct seen {
	pthread_mutex_t lock;           /* of all below, and of every entry that is not taken */
	pthread_cond_t is_due;
	struct lh_table *entries;       /* name -> struct seen_entry *, which owns the name */
	struct seen_entry *first, *last;        /* due now, oldest first */
	int64_t next_due_ms;            /* no other is due before */
	int64_t paused_until_ms;
	bool closed;
};

static char *
copy(const char *text)
{
	char *bytes = strdup(text == NULL ? "" : text);

	/* as everywhere (base/arena.h): stateless, and started anew */
	if (bytes == NULL)
		abort();
	return bytes;
}

static void
set_text(char **place, char *text)
{
	free(*place);
	*place = text;
}

static void
keep(struct kept *kept, struct kept object)
{
	set_text(&kept->text, object.text);
	set_text(&kept->version, object.version);
}

static void
free_sight(struct sight *sight)
{
	keep(&sight->object, (struct kept){ 0 });
	free(sight->uid);
	free(sight);
}

static void
free_entry(struct seen_entry *entry)
{
	struct sight *next;

	for (struct sight *sight = entry->first_sight; sight != NULL; sight = next) {
		next = sight->next;
		free_sight(sight);
	}
	executors_free(&entry->executors);
	keep(&entry->application, (struct kept){ 0 });
	keep(&entry->driver, (struct kept){ 0 });
	free(entry->driver_uid);
	free(entry->name);
	free(entry->released);
	free(entry);
}

static void
on_entry_dropped(struct lh_entry *slot)
{
	free_entry((struct seen_entry *)lh_entry_v(slot));
}

static void
init_waiting(struct seen *seen)
{
	pthread_condattr_t attributes;

	if (pthread_mutex_init(&seen->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0 ||
	    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&seen->is_due, &attributes) != 0)
		abort();
	pthread_condattr_destroy(&attributes);
}

struct seen *
seen_new(void)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (seen == NULL || (seen->entries = lh_kchar_table_new(EXPECTED, on_entry_dropped)) == NULL)
		abort();
	init_waiting(seen);
	seen->next_due_ms = INT64_MAX;
	return seen;
}

void
seen_free(struct seen *seen)
{
	if (seen == NULL)
		return;
	lh_table_free(seen->entries);
	pthread_cond_destroy(&seen->is_due);
	pthread_mutex_destroy(&seen->lock);
	free(seen);
}

static void
lock(struct seen *seen)
{
	pthread_mutex_lock(&seen->lock);
}

static void
unlock(struct seen *seen)
{
	pthread_mutex_unlock(&seen->lock);
}

size_t
seen_count(struct seen *seen)
{
	size_t count;

	lock(seen);
	count = (size_t)lh_table_length(seen->entries);
	unlock(seen);
	return count;
}

/* ---- what is due ---- */

static void
queue(struct seen *seen, struct seen_entry *entry)
{
	if (entry->queued)
		return;
	entry->queued = true;
	entry->next_queued = NULL;
	if (seen->last == NULL)
		seen->first = entry;
	else
		seen->last->next_queued = entry;
	seen->last = entry;
	pthread_cond_signal(&seen->is_due);
}

static void
unqueue(struct seen *seen, struct seen_entry *entry)
{
	struct seen_entry *before = NULL;

	if (!entry->queued)
		return;
	for (struct seen_entry *at = seen->first; at != entry; at = at->next_queued)
		before = at;
	if (before == NULL)
		seen->first = entry->next_queued;
	else
		before->next_queued = entry->next_queued;
	if (seen->last == entry)
		seen->last = before;
	entry->queued = false;
}

static void
queue_due(struct seen *seen, int64_t now_ms)
{
	struct lh_entry *slot;

	if (now_ms < seen->next_due_ms)
		return;
	seen->next_due_ms = INT64_MAX;
	lh_foreach(seen->entries, slot)
	{
		struct seen_entry *entry = (struct seen_entry *)lh_entry_v(slot);

		if (entry->taken)
			continue;
		if (entry->due_ms <= now_ms)
			queue(seen, entry);
		else if (entry->due_ms < seen->next_due_ms)
			seen->next_due_ms = entry->due_ms;
	}
}

/* Until something may be due, or becomes so. */
static void
wait_for_due(struct seen *seen, int64_t now_ms)
{
	int64_t until_ms = seen->paused_until_ms > now_ms ? seen->paused_until_ms : seen->next_due_ms;
	struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

	if (until_ms == INT64_MAX)
		pthread_cond_wait(&seen->is_due, &seen->lock);
	else
		pthread_cond_timedwait(&seen->is_due, &seen->lock, &until);
}

struct seen_entry *
seen_take(struct seen *seen)
{
	struct seen_entry *entry = NULL;

	lock(seen);
	while (!seen->closed) {
		int64_t now_ms = clock_monotonic_ms();

		queue_due(seen, now_ms);
		entry = now_ms < seen->paused_until_ms ? NULL : seen->first;
		if (entry != NULL)
			break;
		wait_for_due(seen, now_ms);
	}
	if (entry != NULL) {
		unqueue(seen, entry);
		entry->due_ms = INT64_MAX;
		entry->taken = true;
	}
	unlock(seen);
	return entry;
}

void
seen_again(struct seen_entry *entry, int64_t due_ms)
{
	if (due_ms < entry->due_ms)
		entry->due_ms = due_ms;
}

void
seen_pause(struct seen *seen, int wait_ms)
{
	int64_t until_ms = clock_monotonic_ms() + wait_ms;

	lock(seen);
	if (until_ms > seen->paused_until_ms)
		seen->paused_until_ms = until_ms;
	unlock(seen);
}

void
seen_close(struct seen *seen)
{
	lock(seen);
	seen->closed = true;
	pthread_cond_broadcast(&seen->is_due);
	unlock(seen);
}

/* ---- entries ---- */

static struct seen_entry *
entry_of(struct seen *seen, const char *name)
{
	struct seen_entry *entry = NULL;

	if (lh_table_lookup_ex(seen->entries, name, (void **)&entry))
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		abort();
	entry->name = copy(name);
	entry->due_ms = INT64_MAX;
	if (lh_table_insert(seen->entries, entry->name, entry) != 0)
		abort();
	return entry;
}

static void
drop_if_empty(struct seen *seen, struct seen_entry *entry)
{
	if (entry->application.text != NULL || entry->driver.text != NULL || entry->executors != NULL)
		return;
	unqueue(seen, entry);
	lh_table_delete(seen->entries, entry->name);
}

static const char *
metadata(struct json_object *object, const char *key)
{
	return json_string_at(object, "metadata", key, NULL);
}

static const char *
label(struct json_object *pod, const char *key)
{
	return json_string_at(pod, "metadata", "labels", key, NULL);
}

/* ---- objects, as they are kept ---- */

static struct kept
whole_application(struct json_object *application)
{
	return (struct kept){ copy(json_text(application)), copy(metadata(application, "resourceVersion")) };
}

static struct json_object *
some_of(struct json_object *object, const char *const *keys, size_t count)
{
	struct json_object *some = json_object_new_object();

	for (size_t i = 0; i < count; i++) {
		struct json_object *member = json_member(object, keys[i]);

		if (member != NULL)
			json_object_object_add(some, keys[i], json_object_get(member));
	}
	return some;
}

/* What decisions are made from; the rest of a pod is many times as long. */
static struct kept
brief_driver(struct json_object *pod)
{
	static const char *const metadata_keys[] = { "name", "uid", "labels", "ownerReferences", "deletionTimestamp" };
	static const char *const status_keys[] = { "phase", "reason", "message", "conditions", "containerStatuses",
						   "initContainerStatuses" };
	AUTO_JSON struct json_object *brief = json_object_new_object();
	struct json_object *spec = json_object_new_object();

	json_object_object_add(brief, "metadata",
			       some_of(json_member(pod, "metadata"), metadata_keys, ARRAY_COUNT(metadata_keys)));
	json_object_object_add(brief, "status",
			       some_of(json_member(pod, "status"), status_keys, ARRAY_COUNT(status_keys)));
	json_object_object_add(brief, "spec", spec);
	json_object_object_add(spec, "schedulingGates",
			       json_object_get(json_at(pod, "spec", "schedulingGates", NULL)));
	return (struct kept){ copy(json_text(brief)), copy(metadata(pod, "resourceVersion")) };
}

static struct json_object *
parse(struct arena *arena, const struct kept *kept)
{
	return kept->text == NULL ? NULL : arena_own_json(arena, json_tokener_parse(kept->text));
}

struct json_object *
seen_parse_application(struct arena *arena, const struct seen_entry *entry)
{
	return parse(arena, &entry->application);
}

struct json_object *
seen_parse_driver(struct arena *arena, const struct seen_entry *entry)
{
	return parse(arena, &entry->driver);
}

void
seen_set_application(struct seen_entry *entry, struct json_object *application)
{
	keep(&entry->application, whole_application(application));
}

static void
keep_driver(struct seen_entry *entry, struct kept driver, char *uid)
{
	keep(&entry->driver, driver);
	set_text(&entry->driver_uid, uid);
}

void
seen_set_driver(struct seen_entry *entry, struct json_object *pod)
{
	if (pod == NULL)
		keep_driver(entry, (struct kept){ 0 }, NULL);
	else
		keep_driver(entry, brief_driver(pod), copy(metadata(pod, "uid")));
}

struct json_object *
seen_executors(struct seen *seen, struct arena *arena, const struct seen_entry *entry, const char *submission_id)
{
	struct json_object *states;

	lock(seen);
	states = executors_states(arena, entry->executors, submission_id);
	unlock(seen);
	return states;
}

/* ---- what the watches bring ---- */

/* What a call has answered comes once more, by the watch. */
static bool
is_known(const struct kept *kept, const struct sight *sight)
{
	return !sight->is_deleted && kept->text != NULL && strcmp(kept->version, sight->object.version) == 0;
}

/* Takes what the sight holds. True when it says something new of the application. */
static bool
apply(struct seen_entry *entry, struct sight *sight)
{
	struct kept *kept = sight->of == SIGHT_OF_APPLICATION ? &entry->application : &entry->driver;

	if (sight->of == SIGHT_OF_EXECUTOR)
		return true;
	if (is_known(kept, sight))
		return false;
	/* a pod of an earlier attempt that is gone says nothing of the present one */
	if (sight->of == SIGHT_OF_DRIVER && sight->is_deleted &&
	    (entry->driver_uid == NULL || strcmp(entry->driver_uid, sight->uid) != 0))
		return true;
	if (sight->of == SIGHT_OF_APPLICATION)
		keep(&entry->application, sight->object);
	else
		keep_driver(entry, sight->object, sight->is_deleted ? NULL : copy(sight->uid));
	sight->object = (struct kept){ 0 };
	return true;
}

static void
bring(struct seen *seen, struct seen_entry *entry, struct sight *sight)
{
	if (entry->taken) {
		if (entry->last_sight == NULL)
			entry->first_sight = sight;
		else
			entry->last_sight->next = sight;
		entry->last_sight = sight;
		return;
	}
	if (apply(entry, sight) && entry->application.text != NULL)
		queue(seen, entry);
	free_sight(sight);
	drop_if_empty(seen, entry);
}

static struct sight *
new_sight(enum sight_of of, bool is_deleted)
{
	struct sight *sight = calloc(1, sizeof(*sight));

	if (sight == NULL)
		abort();
	sight->of = of;
	sight->is_deleted = is_deleted;
	return sight;
}

void
seen_application(struct seen *seen, struct json_object *application, bool is_deleted)
{
	const char *name = metadata(application, "name");
	struct sight *sight;

	if (name == NULL)
		return;
	sight = new_sight(SIGHT_OF_APPLICATION, is_deleted);
	if (!is_deleted)
		sight->object = whole_application(application);
	lock(seen);
	bring(seen, entry_of(seen, name), sight);
	unlock(seen);
}

void
seen_pod(struct seen *seen, struct json_object *pod, bool is_deleted)
{
	const char *application = label(pod, POD_LABEL_APPLICATION), *role = label(pod, POD_LABEL_ROLE);
	bool is_driver = role != NULL && strcmp(role, "driver") == 0;
	struct seen_entry *entry;
	struct sight *sight;

	if (application == NULL || role == NULL)
		return;
	sight = new_sight(is_driver ? SIGHT_OF_DRIVER : SIGHT_OF_EXECUTOR, is_deleted);
	if (is_driver)
		sight->uid = copy(metadata(pod, "uid"));
	if (is_driver && !is_deleted)
		sight->object = brief_driver(pod);
	lock(seen);
	entry = entry_of(seen, application);
	if (!is_driver)
		executors_see(&entry->executors, pod, is_deleted);
	bring(seen, entry, sight);
	unlock(seen);
}

void
seen_give_back(struct seen *seen, struct seen_entry *entry)
{
	bool news = false;
	struct sight *sight;

	lock(seen);
	entry->taken = false;
	while ((sight = entry->first_sight) != NULL) {
		entry->first_sight = sight->next;
		news |= apply(entry, sight);
		free_sight(sight);
	}
	entry->last_sight = NULL;
	if (news && entry->application.text != NULL)
		queue(seen, entry);
	if (entry->due_ms < seen->next_due_ms) {
		seen->next_due_ms = entry->due_ms;
		/* whoever waits, waits for a later time */
		pthread_cond_signal(&seen->is_due);
	}
	drop_if_empty(seen, entry);
	unlock(seen);
}

/* ---- what is remembered of one's own doing ---- */

const char *
seen_released(const struct seen_entry *entry)
{
	return entry->released == NULL ? "" : entry->released;
}

void
seen_set_released(struct seen_entry *entry, const char *uid)
{
	set_text(&entry->released, copy(uid));
}

bool
seen_first_told(struct seen_entry *entry)
{
	bool first = !entry->told;

	entry->told = true;
	return first;
}
