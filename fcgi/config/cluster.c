/*
 * config/cluster.c - the mapping "clusters": each cluster's keys, and what must hold among them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/config_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* One cluster being read. */
struct draft {
	struct config_cluster *cluster;
	const char *name;               /* "clusters.default", for messages */
	struct place place;
	struct place kubeconfig_place;
	struct place in_cluster_place;
};

static const char *
full_name(struct reader *reader, const struct draft *draft, const char *key)
{
	return arena_printf(&reader->scratch, "%s.%s", draft->name, key);
}

static void
remember_place(struct draft *draft, const struct config_key *key, struct place place)
{
	if (key->offset == offsetof(struct config_cluster, kubeconfig))
		draft->kubeconfig_place = place;
	if (key->offset == offsetof(struct config_cluster, in_cluster))
		draft->in_cluster_place = place;
}

static void
read_entry(struct reader *reader, struct draft *draft, const struct yaml_entry *entry)
{
	const struct config_key *key = config_key_find(config_cluster_keys, config_cluster_keys_count, entry->key);
	const char *name = full_name(reader, draft, entry->key);
	struct place place = { .line = entry->line };
	const char *nearest;

	if (entry->first_line != 0) {
		config_complain(reader, place, name, "written twice, first in line %zu; remove one", entry->first_line);
		return;
	}
	if (key != NULL) {
		remember_place(draft, key, place);
		config_set_yaml(reader, key, name, place, entry->value, draft->cluster);
		return;
	}
	nearest = config_nearest_cluster_key(entry->key);
	if (nearest != NULL)
		config_complain(reader, place, name, "unknown key; did you mean \"%s\"?", nearest);
	else
		config_complain(reader, place, name, "unknown key; sparkgate.conf(5) lists the keys of a cluster");
}

bool
config_key_of_rules(const struct config_key *key, struct config_key *ret_key)
{
	size_t begin = offsetof(struct config_cluster, rules), end = begin + sizeof(struct config_rules);

	if (key == NULL || key->offset < begin || key->offset >= end)
		return false;
	*ret_key = *key;
	ret_key->offset -= begin;
	ret_key->count_offset -= begin;
	return true;
}

static void
read_rule(struct reader *reader, const char *role_name, const struct yaml_entry *entry, struct config_rules *rules)
{
	const char *name = arena_printf(&reader->scratch, "%s.%s", role_name, entry->key);
	struct place place = { .line = entry->line };
	struct config_key key;

	if (entry->first_line != 0)
		config_complain(reader, place, name, "written twice, first in line %zu; remove one", entry->first_line);
	else if (config_key_of_rules(config_key_find(config_cluster_keys, config_cluster_keys_count, entry->key), &key))
		config_set_yaml(reader, &key, name, place, entry->value, rules);
	else
		config_complain(reader, place, name, "no key of a role; it has default_conf, enforced_conf, allowed_conf, denied_conf, "
				"allowed_uris and denied_uris");
}

void
config_set_roles(struct reader *reader, const struct config_key *key, const char *name, const struct yaml *roles, void *target)
{
	size_t count = 0;
	struct config_role *role;

	for (const struct yaml_entry *entry = roles->first; entry != NULL; entry = entry->next)
		count++;
	role = arena_alloc(&reader->config->arena, (count + 1) * sizeof(*role));
	*(struct config_role **)((char *)target + key->offset) = role;
	*(size_t *)((char *)target + key->count_offset) = count;
	for (const struct yaml_entry *entry = roles->first; entry != NULL; entry = entry->next, role++) {
		const char *role_name = arena_printf(&reader->scratch, "%s.%s", name, entry->key);
		struct place place = { .line = entry->line };

		role->name = arena_strdup(&reader->config->arena, entry->key);
		if (entry->first_line != 0)
			config_complain(reader, place, role_name, "written twice, first in line %zu; join them", entry->first_line);
		if (entry->value->kind != YAML_MAPPING) {
			config_complain(reader, place, role_name, "must be a mapping, e.g. {allowed_conf: [\"spark.sql.*\"]}");
			continue;
		}
		for (const struct yaml_entry *rule = entry->value->first; rule != NULL; rule = rule->next)
			read_rule(reader, role_name, rule, &role->rules);
	}
}

static bool
has_role(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->roles_count; i++)
		if (strcmp(config->roles[i].key, name) == 0)
			return true;
	return false;
}

void
config_check_roles(struct reader *reader, const struct yaml *root)
{
	const struct yaml *clusters = yaml_member(root, CONFIG_CLUSTERS);

	for (size_t i = 0; i < reader->config->clusters_count; i++) {
		const char *name = reader->config->clusters[i].name;
		const struct yaml *roles = yaml_member(yaml_member(clusters, name), "roles");

		if (roles == NULL || roles->kind != YAML_MAPPING)
			continue;
		for (const struct yaml_entry *entry = roles->first; entry != NULL; entry = entry->next) {
			if (has_role(reader->config, entry->key))
				continue;
			config_complain(reader, (struct place){ .line = entry->line },
					arena_printf(&reader->scratch, CONFIG_CLUSTERS ".%s.roles.%s", name, entry->key),
					"there is no such role; write who has it below \"roles:\" at the top, e.g. %s: \"ann, etl-*\"",
					entry->key);
		}
	}
}

static void
read_environment(struct reader *reader, struct draft *draft)
{
	for (size_t i = 0; i < config_cluster_keys_count; i++) {
		const struct config_key *key = &config_cluster_keys[i];
		const char *name = full_name(reader, draft, key->name);
		struct place place = { 0 };
		const char *text;

		place.variable = config_variable_of(reader, name, &text);
		if (place.variable == NULL)
			continue;
		remember_place(draft, key, place);
		config_set_text(reader, key, name, place, text, draft->cluster);
	}
}

static void
check_credentials(struct reader *reader, const struct draft *draft)
{
	const struct config_cluster *cluster = draft->cluster;
	const char *name = full_name(reader, draft, "kubeconfig");
	FILE *file;

	if (cluster->kubeconfig == NULL && !cluster->in_cluster) {
		config_complain(reader, draft->place, draft->name, "neither \"kubeconfig\" nor \"in_cluster: true\"; "
				"write one of them");
		return;
	}
	if (cluster->kubeconfig == NULL) {
		if (cluster->context != NULL)
			config_complain(reader, draft->in_cluster_place, full_name(reader, draft, "in_cluster"),
					"a context needs a kubeconfig, and in_cluster has none; remove one of them");
		return;
	}
	if (cluster->in_cluster)
		config_complain(reader, draft->in_cluster_place, full_name(reader, draft, "in_cluster"),
				"true although \"kubeconfig\" is set as well; remove one of them");
	file = fopen(cluster->kubeconfig, "re");
	if (file == NULL)
		config_complain(reader, draft->kubeconfig_place, name, "%s cannot be read: %s; name a file that this "
				"user can read", cluster->kubeconfig, strerror(errno));
	else
		fclose(file);
}

static void
set_defaults(struct reader *reader, const struct draft *draft)
{
	for (size_t i = 0; i < config_cluster_keys_count; i++)
		if (!config_is_of_file(&config_cluster_keys[i]))
			config_set_text(reader, &config_cluster_keys[i], config_cluster_keys[i].name, draft->place,
					NULL, draft->cluster);
}

static void
read_cluster(struct reader *reader, const struct yaml_entry *entry, struct config_cluster *cluster)
{
	const char *remedy = config_remedy_cluster_name(entry->key);
	struct draft draft = {
		.cluster = cluster,
		.name = arena_printf(&reader->scratch, CONFIG_CLUSTERS ".%s", entry->key),
		.place = { .line = entry->line },
	};

	cluster->name = arena_strdup(&reader->config->arena, entry->key);
	if (entry->first_line != 0)
		config_complain(reader, draft.place, draft.name, "written twice, first in line %zu; remove one",
				entry->first_line);
	if (remedy != NULL)
		config_complain(reader, draft.place, draft.name, "bad name of a cluster, it stands in paths and "
				"labels; %s",
				remedy);
	set_defaults(reader, &draft);
	if (entry->value->kind != YAML_MAPPING && !yaml_is_null(entry->value)) {
		config_complain(reader, draft.place, draft.name, "must be a mapping of the cluster's keys");
		return;
	}
	for (const struct yaml_entry *member = entry->value->first; member != NULL; member = member->next)
		read_entry(reader, &draft, member);
	if (remedy == NULL)
		read_environment(reader, &draft);
	if (cluster->operator_kind == CONFIG_OPERATOR_BUILTIN)
		cluster->operator_kind = CONFIG_OPERATOR_SPARKGATE;
	check_credentials(reader, &draft);
}

void
config_read_clusters(struct reader *reader, const struct yaml *clusters, struct place place)
{
	struct config *config = reader->config;
	size_t count = 0;

	if (!yaml_is_null(clusters) && clusters->kind != YAML_MAPPING) {
		config_complain(reader, place, CONFIG_CLUSTERS, "must be a mapping of names to clusters, e.g. default: "
				"{kubeconfig: FILE}");
		return;
	}
	if (yaml_is_null(clusters) || clusters->first == NULL) {
		config_complain(reader, place, CONFIG_CLUSTERS, "no cluster; write at least one, e.g. default: "
				"{kubeconfig: FILE}");
		return;
	}
	for (const struct yaml_entry *entry = clusters->first; entry != NULL; entry = entry->next)
		count++;
	config->clusters = arena_alloc(&config->arena, count * sizeof(*config->clusters));
	for (const struct yaml_entry *entry = clusters->first; entry != NULL; entry = entry->next)
		read_cluster(reader, entry, &config->clusters[config->clusters_count++]);
}
