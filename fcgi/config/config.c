/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "config/config_priv.h"

#ifndef SYSCONFDIR      /* make gives it; this is autoconf's own default */
#define SYSCONFDIR "/usr/local/etc"
#endif

static void
set_defaults(struct reader *reader)
{
	for (size_t i = 0; i < config_keys_count; i++)
		config_set_text(reader, &config_keys[i], config_keys[i].name, (struct place){ 0 }, NULL,
				reader->config);
}

static void
complain_unknown(struct reader *reader, struct place place, const char *name)
{
	const char *nearest = config_nearest_key(&reader->scratch, name);
	const char *dot = nearest == NULL ? NULL : strchr(nearest, '.');

	if (nearest == NULL)
		config_complain(reader, place, name, "unknown key; sparkgate.conf(5) lists all keys");
	else if (dot != NULL && strcmp(nearest, name) == 0)
		config_complain(reader, place, name, "a key has no dots in the file; write \"%s\" below \"%.*s:\"",
				dot + 1, (int)(dot - nearest), nearest);
	else
		config_complain(reader, place, name, "unknown key; did you mean \"%s\"?", nearest);
}

static void
read_section(struct reader *reader, const struct yaml *section, const char *section_name)
{
	for (const struct yaml_entry *entry = section->first; entry != NULL; entry = entry->next) {
		const char *name = arena_printf(&reader->scratch, "%s.%s", section_name, entry->key);
		const struct config_key *key = config_key_find(config_keys, config_keys_count, name);
		struct place place = { .line = entry->line };

		if (key == NULL)
			complain_unknown(reader, place, name);
		else if (entry->first_line != 0)
			config_complain(reader, place, name, "written twice, first in line %zu; remove one",
					entry->first_line);
		else
			config_set_yaml(reader, key, name, place, entry->value, reader->config);
	}
}

static void
read_top_entry(struct reader *reader, const struct yaml_entry *entry)
{
	const struct config_key *key = config_key_find(config_keys, config_keys_count, entry->key);
	struct place place = { .line = entry->line };
	bool is_section = config_is_section(entry->key);

	if (entry->first_line != 0)
		config_complain(reader, place, entry->key, "written twice, first in line %zu; join them",
				entry->first_line);
	else if (strcmp(entry->key, CONFIG_CLUSTERS) == 0)
		config_read_clusters(reader, entry->value, place);
	else if (is_section && entry->value->kind == YAML_MAPPING)
		read_section(reader, entry->value, entry->key);
	else if (is_section && !yaml_is_null(entry->value))
		config_complain(reader, place, entry->key, "must be a mapping; write its keys below it, indented");
	else if (!is_section && key != NULL && strchr(entry->key, '.') == NULL)
		config_set_yaml(reader, key, entry->key, place, entry->value, reader->config);
	else if (!is_section)
		complain_unknown(reader, place, entry->key);
}

static void
read_environment(struct reader *reader)
{
	for (size_t i = 0; i < config_keys_count; i++) {
		struct place place = { 0 };
		const char *text;

		place.variable = config_variable_of(reader, config_keys[i].name, &text);
		if (place.variable != NULL)
			config_set_text(reader, &config_keys[i], config_keys[i].name, place, text, reader->config);
	}
}

static size_t
line_of_section(const struct yaml *root, const char *name)
{
	for (const struct yaml_entry *entry = root->first; entry != NULL; entry = entry->next)
		if (strcmp(entry->key, name) == 0)
			return entry->line;
	return 1;
}

static void
check_required(struct reader *reader, const struct yaml *root)
{
	struct place place = { .line = line_of_section(root, "database") };

	if (reader->config->database_conninfo == NULL && reader->needs_database)
		config_complain(reader, place, "database.conninfo", "missing; write libpq's connection string, e.g. "
				"\"host=/run/postgresql dbname=sparkgate\", or set SPARKGATE_DATABASE_CONNINFO");
	if (yaml_member(root, CONFIG_CLUSTERS) == NULL)
		config_read_clusters(reader, NULL, (struct place){ .line = 1 });
}

/* The pods depend on Spark's version, and nothing else of such a submission tells it. */
static void
check_submitter(struct reader *reader, const struct yaml *root)
{
	const char *variable, *text, *key = "submitter.cluster", *wanted = reader->config->submitter_cluster;
	struct place place = { .line = line_of_section(root, "submitter") };
	const struct config_cluster *cluster;

	if (wanted == NULL || reader->config->clusters_count == 0)
		return;
	variable = config_variable_of(reader, key, &text);
	if (variable != NULL)
		place.variable = variable;
	cluster = config_cluster_find(reader->config, wanted);
	if (cluster == NULL)
		config_complain(reader, place, key, "there is no cluster \"%s\"; write the name of one below "
				"\"clusters:\", e.g. %s", wanted, reader->config->clusters[0].name);
	else if (cluster->spark_version == NULL)
		config_complain(reader, place, key, "clusters.%s.spark_version is missing, and the pods depend on it; write "
				"the version of the Spark images, e.g. \"4.0.0\"", wanted);
}

static void
read_all(struct reader *reader)
{
	struct yaml *root;
	struct err err = ERR_INIT;

	if (!yaml_read_file_leniently(&reader->scratch, reader->path, &root, &err)) {
		if (err.code == ERR_NOT_FOUND)
			reader->on_error(reader->context, arena_printf(&reader->scratch, "%s; name another file with "
								       "-c or SPARKGATE_CONFIG", err.msg));
		else
			reader->on_error(reader->context, err.msg);
		reader->errors_count++;
		return;
	}
	if (root->kind != YAML_MAPPING && !yaml_is_null(root)) {
		config_complain(reader, (struct place){ .line = root->line }, "(file)",
				"must be a mapping of keys, as in sparkgate.conf(5)");
		return;
	}
	set_defaults(reader);
	for (const struct yaml_entry *entry = root->first; entry != NULL; entry = entry->next)
		read_top_entry(reader, entry);
	read_environment(reader);
	check_required(reader, root);
	check_submitter(reader, root);
	config_check_roles(reader, root);
}

static size_t
read_whole(struct reader *reader)
{
	*reader->config = (struct config){ 0 };
	arena_init(&reader->config->arena, LIMIT_ARENA_BYTES);
	/* A file of the largest size read (base/yaml.c) fits twice; its tree ends with the reading. */
	arena_init(&reader->scratch, 4 * (size_t)LIMIT_ARENA_BYTES);
	read_all(reader);
	arena_release(&reader->scratch);
	if (reader->errors_count > 0)
		config_release(reader->config);
	return reader->errors_count;
}

size_t
config_read(struct config *ret_config, const char *path, config_error_fn on_error, void *context)
{
	struct reader reader = { .config = ret_config, .path = path, .on_error = on_error, .context = context,
				 .needs_database = true };

	return read_whole(&reader);
}

size_t
config_read_without_database(struct config *ret_config, const char *path, config_error_fn on_error, void *context)
{
	struct reader reader = { .config = ret_config, .path = path, .on_error = on_error, .context = context };

	return read_whole(&reader);
}

void
config_release(struct config *config)
{
	arena_release(&config->arena);
	*config = (struct config){ .arena = config->arena };
}

const char *
config_path(const char *given)
{
	const char *variable = getenv("SPARKGATE_CONFIG");

	if (given != NULL)
		return given;
	if (variable != NULL && variable[0] != '\0')
		return variable;
	return SYSCONFDIR "/sparkgate/sparkgate.yaml";
}

const struct config_cluster *
config_cluster_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->clusters_count; i++)
		if (strcmp(config->clusters[i].name, name) == 0)
			return &config->clusters[i];
	return NULL;
}
