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
