/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/file_mapping.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/percent.h"
#include "base/uri.h"
#include "batch/policy.h"

/* As often as batch/policy.c reads an address anew. */
#define DECODINGS 3

/* ---- paths of a client's ---- */

static bool
climbs(const char *path)
{
	int depth = 0;

	for (const char *at = path + strspn(path, "/"); *at != '\0'; at += strspn(at, "/")) {
		size_t size = strcspn(at, "/");

		if (size == 2 && strncmp(at, "..", 2) == 0)
			depth--;
		else if (size != 1 || at[0] != '.')
			depth++;
		if (depth < 0)
			return true;
		at += size;
	}
	return false;
}

/* Whoever opens it may decode it: what it then says must be what it says now. */
static bool
hides_dots(struct arena *arena, const char *path)
{
	for (size_t i = 0; i < DECODINGS; i++) {
		path = percent_decode(arena, path, strlen(path), false);
		for (const char *at = path; *at != '\0'; at += strspn(at, "/")) {
			size_t size = strcspn(at, "/");

			if (size == 2 && strncmp(at, "..", 2) == 0)
				return true;
			at += size;
		}
	}
	return false;
}

/* ---- one address ---- */

/* The part of a mapping's left side that paths are held against: "/data/", "jobs/", "". */
static const char *
prefix_of(const char *from)
{
	const char *path = uri_local_path(from);

	return path == NULL ? from : strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

static const struct batch_pair *
longest(const struct batch_pairs *mappings, const char *path)
{
	const struct batch_pair *found = NULL;
	size_t found_size = 0;

	for (size_t i = 0; i < mappings->count; i++) {
		const char *prefix = prefix_of(mappings->items[i].key);
		size_t size = strlen(prefix);

		if ((prefix[0] == '/') == (path[0] == '/') && strncmp(path, prefix, size) == 0 &&
		    (found == NULL || size > found_size)) {
			found = &mappings->items[i];
			found_size = size;
		}
	}
	return found;
}

/* ret_uri  `uri` itself where nothing maps it */
static bool
map(struct arena *arena, const struct batch_pairs *mappings, const char *field, const char *uri, const char **ret_uri,
    struct err *err)
{
	const char *given = uri == NULL ? NULL : uri_local_path(uri), *fragment;
	const struct batch_pair *mapping;
	char *path;

	*ret_uri = uri;
	if (given == NULL || given[0] == '\0')
		return true;
	fragment = given + strcspn(given, "#");
	path = arena_strndup(arena, given, (size_t)(fragment - given));
	if (climbs(path))
		return err_set(err, ERR_INVALID, "Rejected, Reason: %s: %s: its \"..\" leave the directory that this path begins in: "
			       "write the path without them", field, uri);
	uri_resolve_dots(path);
	mapping = longest(mappings, path);
	if (mapping == NULL)
		return true;
	if (hides_dots(arena, path))
		return err_set(err, ERR_INVALID, "Rejected, Reason: %s: %s: it has \"..\" behind escapes: write the path without them",
			       field, uri);
	*ret_uri = arena_printf(arena, "%s%s%s", mapping->value, path + strlen(prefix_of(mapping->key)), fragment);
	return true;
}

/* ---- an order ---- */

static bool
map_list(struct arena *arena, const struct batch_pairs *mappings, const char *field, struct batch_strings *uris,
	 struct err *err)
{
	for (size_t i = 0; i < uris->count; i++) {
		if (!map(arena, mappings, field, uris->items[i], &uris->items[i], err))
			return false;
	}
	return true;
}

static bool
map_property(struct arena *arena, const struct batch_pairs *mappings, struct batch_pair *pair, struct err *err)
{
	const char *at = pair->value, *uri;
	AUTO_BUF struct buf joined;
	size_t size;

	buf_init(&joined, 4 * LIMIT_BODY_BYTES);
	while (uri = batch_next_uri(&at, &size), size > 0) {
		if (!map(arena, mappings, pair->key, arena_strndup(arena, uri, size), &uri, err))
			return false;
		buf_printf(&joined, "%s%s", joined.size_bytes > 0 ? "," : "", uri);
	}
	if (joined.overflowed)
		return err_set(err, ERR_TOO_LARGE, "conf %s: too long where its paths are mapped to", pair->key);
	pair->value = arena_strdup(arena, buf_str(&joined));
	return true;
}

bool
batch_map_files(struct arena *arena, const struct batch_pairs *mappings, struct batch_order *order, struct err *err)
{
	if (mappings->count == 0)
		return true;
	for (size_t i = 0; i < order->conf.count; i++) {
		struct batch_pair *pair = &order->conf.items[i];

		if (batch_key_is_uris(pair->key) && !map_property(arena, mappings, pair, err))
			return false;
	}
	return map(arena, mappings, "file", order->file, &order->file, err) &&
	       map_list(arena, mappings, "jars", &order->jars, err) &&
	       map_list(arena, mappings, "pyFiles", &order->py_files, err) &&
	       map_list(arena, mappings, "files", &order->files, err) &&
	       map_list(arena, mappings, "archives", &order->archives, err);
}
