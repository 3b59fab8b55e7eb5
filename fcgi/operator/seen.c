/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/seen.h"

#include <json-c/linkhash.h>
#include <stdlib.h>
#include <string.h>

#include "operator/decide.h"
#include "operator/executors.h"

#define EXPECTED 64

struct seen_entry {
	char *name;
	char *application;              /* text; NULL: there is none */
	char *driver;                   /* text; NULL: there is none */
	char *released;
	struct executor *executors;
	int64_t due_ms;
	bool told;
	bool queued;
	struct seen_entry *next_queued;
};

struct seen {
	struct lh_table *entries;       /* name -> struct seen_entry *, which owns the name */
	struct seen_entry *first, *last;        /* due now, oldest first */
	int64_t next_due_ms;            /* no other is due before */
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
free_entry(struct seen_entry *entry)
{
	executors_free(&entry->executors);
	free(entry->name);
	free(entry->application);
	free(entry->driver);
	free(entry->released);
	free(entry);
}

static void
on_entry_dropped(struct lh_entry *slot)
{
	free_entry((struct seen_entry *)lh_entry_v(slot));
}

struct seen *
seen_new(void)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (seen == NULL || (seen->entries = lh_kchar_table_new(EXPECTED, on_entry_dropped)) == NULL)
		abort();
	seen->next_due_ms = INT64_MAX;
	return seen;
}

void
seen_free(struct seen *seen)
{
	if (seen == NULL)
		return;
	lh_table_free(seen->entries);
	free(seen);
}

size_t
seen_count(const struct seen *seen)
{
	return (size_t)lh_table_length(seen->entries);
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

void
seen_again(struct seen *seen, struct seen_entry *entry, int64_t due_ms)
{
	if (due_ms < entry->due_ms)
		entry->due_ms = due_ms;
	if (due_ms < seen->next_due_ms)
		seen->next_due_ms = due_ms;
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

		if (entry->due_ms <= now_ms)
			queue(seen, entry);
		else if (entry->due_ms < seen->next_due_ms)
			seen->next_due_ms = entry->due_ms;
	}
}

struct seen_entry *
seen_next(struct seen *seen, int64_t now_ms)
{
	struct seen_entry *entry;

	queue_due(seen, now_ms);
	entry = seen->first;
	if (entry == NULL)
		return NULL;
	unqueue(seen, entry);
	entry->due_ms = INT64_MAX;
	return entry;
}

int
seen_wait_ms(const struct seen *seen, int64_t now_ms, int limit_ms)
{
	if (seen->first != NULL || seen->next_due_ms <= now_ms)
		return 0;
	return seen->next_due_ms - now_ms < limit_ms ? (int)(seen->next_due_ms - now_ms) : limit_ms;
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
	if (entry->application != NULL || entry->driver != NULL || entry->executors != NULL)
		return;
	unqueue(seen, entry);
	lh_table_delete(seen->entries, entry->name);
}

/* The half of an object that says who wrote which field, which nobody here reads. */
static void
drop_managed_fields(struct json_object *object)
{
	json_object_object_del(json_member(object, "metadata"), "managedFields");
}

/* ---- applications ---- */

void
seen_set_application(struct seen *seen, struct seen_entry *entry, struct json_object *application)
{
	(void)seen;
	drop_managed_fields(application);
	set_text(&entry->application, copy(json_text(application)));
}

void
seen_application(struct seen *seen, struct json_object *application, bool is_deleted)
{
	const char *name = json_string_at(application, "metadata", "name", NULL);
	struct seen_entry *entry;

	if (name == NULL)
		return;
	entry = entry_of(seen, name);
	if (is_deleted) {
		set_text(&entry->application, NULL);
		drop_if_empty(seen, entry);
		return;
	}
	seen_set_application(seen, entry, application);
	queue(seen, entry);
}

struct json_object *
seen_parse_application(struct arena *arena, const struct seen_entry *entry)
{
	return entry->application == NULL ? NULL : arena_own_json(arena, json_tokener_parse(entry->application));
}

/* ---- pods ---- */

static const char *
label(struct json_object *pod, const char *key)
{
	return json_string_at(pod, "metadata", "labels", key, NULL);
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
static char *
shorten(struct json_object *pod)
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
	return copy(json_text(brief));
}

void
seen_set_driver(struct seen *seen, struct seen_entry *entry, struct json_object *pod)
{
	(void)seen;
	set_text(&entry->driver, pod == NULL ? NULL : shorten(pod));
}

struct json_object *
seen_parse_driver(struct arena *arena, const struct seen_entry *entry)
{
	return entry->driver == NULL ? NULL : arena_own_json(arena, json_tokener_parse(entry->driver));
}

/* A pod of an earlier attempt that is gone says nothing of the present one. */
static bool
is_known_driver(const struct seen_entry *entry, struct json_object *pod)
{
	AUTO_JSON struct json_object *known = entry->driver == NULL ? NULL : json_tokener_parse(entry->driver);
	const char *uid = json_string_at(pod, "metadata", "uid", NULL);
	const char *known_uid = json_string_at(known, "metadata", "uid", NULL);

	return uid != NULL && known_uid != NULL && strcmp(uid, known_uid) == 0;
}

void
seen_pod(struct seen *seen, struct json_object *pod, bool is_deleted)
{
	const char *application = label(pod, POD_LABEL_APPLICATION), *role = label(pod, POD_LABEL_ROLE);
	struct seen_entry *entry;

	if (application == NULL || role == NULL)
		return;
	entry = entry_of(seen, application);
	if (strcmp(role, "driver") != 0)
		executors_see(&entry->executors, pod, is_deleted);
	else if (!is_deleted)
		seen_set_driver(seen, entry, pod);
	else if (is_known_driver(entry, pod))
		seen_set_driver(seen, entry, NULL);
	if (entry->application != NULL)
		queue(seen, entry);
	else
		drop_if_empty(seen, entry);
}

struct json_object *
seen_executors(struct arena *arena, const struct seen_entry *entry, const char *submission_id)
{
	return executors_states(arena, entry->executors, submission_id);
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
