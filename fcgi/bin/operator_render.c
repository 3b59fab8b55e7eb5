/* SPDX-License-Identifier: Apache-2.0 */
#include "bin/operator_render.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/yaml_json.h"
#include "crd/submission.h"

#define NO_UUID "00000000-0000-0000-0000-000000000000"
#define NO_ID "00000000000000000000000000000000"

static const char usage[] =
	"usage: sparkgate-operator render [OPTION]... FILE\n"
	"Prints the Kubernetes objects of SparkApplication manifests (one, or a list; YAML or JSON; - is standard\n"
	"input) as one JSON array. The same input and options give the same output.\n"
	"  --submission-id UUID      label of the attempt (else zeros)\n"
	"  --app-id ID               Spark's application id: spark- and 32 hex digits (else zeros)\n"
	"  --resource-prefix PREFIX  of the service's name (else the manifest's name and zeros)\n"
	"  --submitted-at-ms MS      Unix time for spark.app.submitTime (else left out)\n"
	"  -h, --help                this text\n";

static bool
read_all(const char *path, struct buf *text)
{
	bool is_stdin = strcmp(path, "-") == 0, good = true;
	FILE *file = is_stdin ? stdin : fopen(path, "r");
	char bytes[16384];
	size_t read_bytes;

	if (file == NULL) {
		fprintf(stderr, "sparkgate-operator: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (good && (read_bytes = fread(bytes, 1, sizeof(bytes), file)) > 0)
		good = buf_append(text, bytes, read_bytes);
	if (ferror(file) || !good)
		fprintf(stderr, "sparkgate-operator: %s: %s\n", path, good ? strerror(errno) : "is too large");
	good = good && !ferror(file);
	if (!is_stdin)
		fclose(file);
	return good;
}

/* JSON by its own, stricter rules; it would be YAML too. */
static bool
parse(struct arena *arena, const char *name, const struct buf *text, struct json_object **ret_root, struct err *err)
{
	const char *bytes = buf_str(text);
	char first = bytes[strspn(bytes, " \t\r\n")];
	struct yaml *tree;

	if (first == '{' || first == '[')
		return json_parse(bytes, text->size_bytes, ret_root, err);
	if (!yaml_read_text(arena, name, bytes, text->size_bytes, &tree, err))
		return false;
	*ret_root = yaml_to_json(tree);
	return true;
}

static bool
render_one(struct arena *arena, struct json_object *application, const struct submission_ids *given,
	   struct json_object *items, struct err *err)
{
	const char *kind = json_string(application, "kind");
	struct submission_objects objects;
	struct submission_ids ids = *given;

	if (kind == NULL || strcmp(kind, "SparkApplication") != 0)
		return err_set(err, ERR_INVALID, "kind: '%s' is not SparkApplication", kind == NULL ? "" : kind);
	ids.driver_pod = crd_submission_driver_pod(arena, application);
	if (ids.resource_prefix == NULL)
		ids.resource_prefix = crd_submission_resource_prefix(arena, application, NO_ID + 16);
	if (!crd_submission_objects(arena, application, &ids, &objects, err))
		return false;
	json_object_array_add(items, json_object_get(objects.driver_pod));
	json_object_array_add(items, json_object_get(objects.config_map));
	json_object_array_add(items, json_object_get(objects.service));
	if (objects.ui_service != NULL)
		json_object_array_add(items, json_object_get(objects.ui_service));
	for (size_t i = 0; i < json_object_array_length(objects.others); i++)
		json_object_array_add(items, json_object_get(json_object_array_get_idx(objects.others, i)));
	crd_submission_put(&objects);
	return true;
}

/* One manifest, an array of them, or an object with "items". */
static bool
render_all(struct arena *arena, struct json_object *root, const struct submission_ids *ids, struct json_object *items,
	   struct err *err)
{
	struct json_object *list = json_object_is_type(root, json_type_array) ? root : json_member(root, "items");

	if (!json_object_is_type(list, json_type_array))
		return render_one(arena, root, ids, items, err);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (!render_one(arena, json_object_array_get_idx(list, i), ids, items, err))
			return false;
	}
	return true;
}

static int
render_file(const char *path, const struct submission_ids *ids)
{
	AUTO_JSON struct json_object *root = NULL, *items = json_object_new_array();
	struct err err = ERR_INIT;
	AUTO_BUF struct buf text;
	struct arena arena;
	bool good;

	buf_init(&text, LIMIT_KUBE_ANSWER_BYTES);
	if (!read_all(path, &text))
		return 1;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	good = parse(&arena, path, &text, &root, &err) && render_all(&arena, root, ids, items, &err);
	if (good)
		good = puts(json_object_to_json_string_ext(items, JSON_C_TO_STRING_PRETTY |
								  JSON_C_TO_STRING_NOSLASHESCAPE)) >= 0 &&
		       fflush(stdout) == 0;
	else
		fprintf(stderr, "sparkgate-operator: %s: %s\n", path, err.msg);
	arena_release(&arena);
	return good ? 0 : 1;
}

int
operator_render(int argc, char **argv)
{
	static const struct option options[] = {
		{ "submission-id", required_argument, NULL, 's' },   { "app-id", required_argument, NULL, 'a' },
		{ "resource-prefix", required_argument, NULL, 'p' }, { "submitted-at-ms", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },                  { 0 },
	};
	struct submission_ids ids = { .submission_id = NO_UUID, .app_id = "spark-" NO_ID };
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 's') {
			ids.submission_id = optarg;
		} else if (option == 'a') {
			ids.app_id = optarg;
		} else if (option == 'p') {
			ids.resource_prefix = optarg;
		} else if (option == 't') {
			ids.submitted_at_ms = strtoll(optarg, NULL, 10);
		} else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return 2;
	}
	return render_file(argv[optind], &ids);
}
