/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* A kubeconfig with some hundred clusters and their certificates stays below; memory is about 100 times the text. */
#define FILE_LIMIT_BYTES (1024 * 1024)

/* A configuration needs 4 levels; the conversion below recurses. */
#define DEPTH_LIMIT 32

/* Looking for a key written twice is quadratic. */
#define MEMBERS_LIMIT 4096

struct reading {
	struct arena *arena;
	const char *name;
	yaml_document_t *document;
	struct seen *seen;              /* by the document's node id - 1 */
	bool lenient;                   /* a key written twice is only marked */
	struct err *err;
};

struct seen {
	struct yaml *value;
	bool open;                      /* its members are being read: meeting it again is a cycle */
};

static void
free_auto(void *pointer)
{
	free(*(void **)pointer);
}

static void
close_auto(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

static size_t
line_of(const yaml_node_t *node)
{
	return node->start_mark.line + 1;
}

static bool convert(struct reading *reading, int id, int depth, struct yaml **ret_value);

static bool
convert_scalar(struct reading *reading, const yaml_node_t *node, struct yaml *value)
{
	const char *text = (const char *)node->data.scalar.value;
	size_t length = node->data.scalar.length;

	if (memchr(text, '\0', length) != NULL)
		return err_set(reading->err, ERR_INVALID, "%s:%zu: a text with a NUL byte in it", reading->name,
			       value->line);
	value->kind = YAML_SCALAR;
	value->text = arena_strndup(reading->arena, text, length);
	value->quoted = node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return true;
}

static bool
convert_sequence(struct reading *reading, const yaml_node_t *node, int depth, struct yaml *value)
{
	struct yaml_entry **tail = &value->first;

	value->kind = YAML_SEQUENCE;
	for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
		struct yaml_entry *entry = arena_alloc(reading->arena, sizeof(*entry));

		if (!convert(reading, *item, depth, &entry->value))
			return false;
		entry->line = entry->value->line;
		*tail = entry;
		tail = &entry->next;
	}
	return true;
}

static size_t
line_of_same_key(const struct yaml *mapping, const char *key)
{
	for (const struct yaml_entry *entry = mapping->first; entry != NULL; entry = entry->next)
		if (strcmp(entry->key, key) == 0)
			return entry->line;
	return 0;
}

static bool
convert_mapping(struct reading *reading, const yaml_node_t *node, int depth, struct yaml *value)
{
	struct yaml_entry **tail = &value->first;
	yaml_node_pair_t *pair = node->data.mapping.pairs.start;

	value->kind = YAML_MAPPING;
	if (node->data.mapping.pairs.top - pair > MEMBERS_LIMIT)
		return err_set(reading->err, ERR_INVALID, "%s:%zu: a mapping of more than %d members", reading->name,
			       value->line, MEMBERS_LIMIT);
	for (; pair < node->data.mapping.pairs.top; pair++) {
		struct yaml_entry *entry = arena_alloc(reading->arena, sizeof(*entry));
		struct yaml *key;

		if (!convert(reading, pair->key, depth, &key) || !convert(reading, pair->value, depth, &entry->value))
			return false;
		/* An alias as key has the line of its anchor: the value's is nearer to what the reader sees. */
		entry->line = key->line < value->line ? entry->value->line : key->line;
		if (key->kind != YAML_SCALAR)
			return err_set(reading->err, ERR_INVALID, "%s:%zu: a key must be a plain word", reading->name,
				       entry->line);
		entry->key = key->text;
		entry->first_line = line_of_same_key(value, entry->key);
		if (entry->first_line != 0 && !reading->lenient)
			return err_set(reading->err, ERR_INVALID, "%s:%zu: the key \"%s\" stands in line %zu already",
				       reading->name, entry->line, entry->key, entry->first_line);
		*tail = entry;
		tail = &entry->next;
	}
	return true;
}

/* Each node of the document becomes one value, however many aliases lead to it: no bomb can grow from aliases. */
static bool
convert(struct reading *reading, int id, int depth, struct yaml **ret_value)
{
	struct seen *seen = &reading->seen[id - 1];
	const yaml_node_t *node = yaml_document_get_node(reading->document, id);
	bool converted = false;

	if (seen->open)
		return err_set(reading->err, ERR_INVALID, "%s:%zu: an alias inside of what it stands for",
			       reading->name, line_of(node));
	if (seen->value != NULL) {
		*ret_value = seen->value;
		return true;
	}
	if (depth >= DEPTH_LIMIT)
		return err_set(reading->err, ERR_INVALID, "%s:%zu: nested more than %d levels deep", reading->name,
			       line_of(node), DEPTH_LIMIT);
	seen->value = arena_alloc(reading->arena, sizeof(*seen->value));
	seen->value->line = line_of(node);
	seen->open = true;
	switch (node->type) {
	case YAML_SCALAR_NODE:
		converted = convert_scalar(reading, node, seen->value);
		break;
	case YAML_SEQUENCE_NODE:
		converted = convert_sequence(reading, node, depth + 1, seen->value);
		break;
	case YAML_MAPPING_NODE:
		converted = convert_mapping(reading, node, depth + 1, seen->value);
		break;
	case YAML_NO_NODE:
		converted = err_set(reading->err, ERR_INTERNAL, "%s: a node of no kind", reading->name);
		break;
	}
	seen->open = false;
	*ret_value = seen->value;
	return converted;
}

static bool
not_yaml(const yaml_parser_t *parser, const char *name, struct err *err)
{
	const char *problem = parser->problem != NULL ? parser->problem : "not readable as YAML";

	switch (parser->error) {
	case YAML_MEMORY_ERROR:
		return err_set(err, ERR_INTERNAL, "%s: no memory to parse YAML", name);
	case YAML_READER_ERROR:
		return err_set(err, ERR_INVALID, "%s:%zu: no YAML: %s at byte %zu (only UTF-8 text is read)", name,
			       parser->mark.line + 1, problem, parser->problem_offset);
	default:
		return err_set(err, ERR_INVALID, "%s:%zu: no YAML: %s%s%s (column %zu)", name,
			       parser->problem_mark.line + 1, parser->context != NULL ? parser->context : "",
			       parser->context != NULL ? ", " : "", problem, parser->problem_mark.column + 1);
	}
}

static bool
convert_document(struct arena *arena, const char *name, bool lenient, yaml_document_t *document,
		 struct yaml **ret_root, struct err *err)
{
	size_t nodes_count = (size_t)(document->nodes.top - document->nodes.start);
	AUTO(free_auto) struct seen *seen = calloc(nodes_count + 1, sizeof(*seen));
	struct reading reading = { arena, name, document, seen, lenient, err };

	if (seen == NULL)
		return err_set(err, ERR_INTERNAL, "%s: no memory to parse YAML", name);
	if (nodes_count == 0) {
		*ret_root = arena_alloc(arena, sizeof(**ret_root));
		**ret_root = (struct yaml){ .kind = YAML_SCALAR, .line = 1, .text = "" };
		return true;
	}
	return convert(&reading, 1, 0, ret_root);
}

/* The stream must end after the document. */
static bool
check_end(yaml_parser_t *parser, const char *name, struct err *err)
{
	AUTO(yaml_document_delete) yaml_document_t document;
	const yaml_node_t *root;

	if (yaml_parser_load(parser, &document) == 0) {
		document = (yaml_document_t){ 0 };
		return not_yaml(parser, name, err);
	}
	root = yaml_document_get_root_node(&document);
	if (root != NULL)
		return err_set(err, ERR_INVALID, "%s:%zu: a second document; only one is read, remove the \"---\"",
			       name, line_of(root));
	return true;
}

static bool
read_text(struct arena *arena, const char *name, bool lenient, const char *text, size_t size_bytes,
	  struct yaml **ret_root, struct err *err)
{
	AUTO(yaml_parser_delete) yaml_parser_t parser;
	yaml_document_t document;
	bool converted;

	if (yaml_parser_initialize(&parser) == 0) {
		parser = (yaml_parser_t){ 0 };
		return err_set(err, ERR_INTERNAL, "%s: no memory to parse YAML", name);
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size_bytes);
	if (yaml_parser_load(&parser, &document) == 0)
		return not_yaml(&parser, name, err);
	converted = convert_document(arena, name, lenient, &document, ret_root, err);
	yaml_document_delete(&document);
	return converted && check_end(&parser, name, err);
}

bool
yaml_read_text(struct arena *arena, const char *name, const char *text, size_t size_bytes, struct yaml **ret_root,
	       struct err *err)
{
	return read_text(arena, name, false, text, size_bytes, ret_root, err);
}

static bool
read_file(struct arena *arena, const char *path, bool lenient, struct yaml **ret_root, struct err *err)
{
	AUTO(close_auto) FILE *file = fopen(path, "re");
	AUTO(free_auto) char *text = NULL;
	size_t size_bytes;

	if (file == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: cannot be opened: %s", path, strerror(errno));
	text = malloc(FILE_LIMIT_BYTES + 1);
	if (text == NULL)
		return err_set(err, ERR_INTERNAL, "%s: no memory to read it", path);
	errno = 0;
	size_bytes = fread(text, 1, FILE_LIMIT_BYTES + 1, file);
	if (ferror(file))
		return err_set(err, ERR_INVALID, "%s: cannot be read: %s", path, strerror(errno));
	if (size_bytes > FILE_LIMIT_BYTES)
		return err_set(err, ERR_INVALID, "%s: larger than %d bytes", path, FILE_LIMIT_BYTES);
	return read_text(arena, path, lenient, text, size_bytes, ret_root, err);
}

bool
yaml_read_file(struct arena *arena, const char *path, struct yaml **ret_root, struct err *err)
{
	return read_file(arena, path, false, ret_root, err);
}

bool
yaml_read_file_leniently(struct arena *arena, const char *path, struct yaml **ret_root, struct err *err)
{
	return read_file(arena, path, true, ret_root, err);
}

bool
yaml_is_null(const struct yaml *value)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (value == NULL)
		return true;
	if (value->kind != YAML_SCALAR || value->quoted)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(nulls); i++)
		if (strcmp(value->text, nulls[i]) == 0)
			return true;
	return false;
}

struct yaml *
yaml_member(const struct yaml *mapping, const char *key)
{
	if (mapping == NULL || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_entry *entry = mapping->first; entry != NULL; entry = entry->next)
		if (strcmp(entry->key, key) == 0)
			return entry->value;
	return NULL;
}

const char *
yaml_string(const struct yaml *mapping, const char *key)
{
	const struct yaml *value = yaml_member(mapping, key);

	return yaml_is_null(value) || value->kind != YAML_SCALAR ? NULL : value->text;
}
