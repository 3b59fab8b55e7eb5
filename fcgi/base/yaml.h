/*
 * base/yaml.h - a YAML file as a tree that knows its line numbers, read with libyaml.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml {
	enum yaml_kind kind;
	size_t line;            /* from 1 */
	const char *text;       /* of a scalar; "" for an empty one */
	bool quoted;            /* a quoted scalar is a string whatever it looks like: "" is not null */
	struct yaml_entry *first; /* of a sequence or mapping, in file order */
};

struct yaml_entry {
	const char *key;        /* NULL in a sequence */
	size_t line;
	size_t first_line;      /* of the same key written before; 0, as it should be: there is none */
	struct yaml *value;
	struct yaml_entry *next;
};

/*
 * Reads one document; all of it belongs to the arena. Anchors and aliases work; a key written twice is an error.
 * An empty document is a null scalar. A node may be shared by aliases, never contain itself.
 * name  stands in messages, e.g. the file's path
 * err   ERR_INVALID with "name:line: reason"; ERR_NOT_FOUND when the file cannot be opened
 */
MUST_CHECK bool yaml_read_file(struct arena *arena, const char *path, struct yaml **ret_root, struct err *err);
MUST_CHECK bool yaml_read_text(struct arena *arena, const char *name, const char *text, size_t size_bytes,
			       struct yaml **ret_root, struct err *err);

/* The same, but a key written twice is only marked by first_line: for callers that report every error at once. */
MUST_CHECK bool yaml_read_file_leniently(struct arena *arena, const char *path, struct yaml **ret_root,
					 struct err *err);

/* Nothing was written: absent (NULL), ~, null or an empty unquoted scalar. */
bool yaml_is_null(const struct yaml *value);

/* The member of a mapping, or NULL. */
struct yaml *yaml_member(const struct yaml *mapping, const char *key);
/* The text of a scalar member, or NULL when absent, null (~, null, empty unquoted) or no scalar. */
const char *yaml_string(const struct yaml *mapping, const char *key);

#endif
