/*
 * config/config_priv.h - what the files of this room share: the table of keys and one reading under way.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONFIG_CONFIG_PRIV_H
#define CONFIG_CONFIG_PRIV_H

#include "base/yaml.h"
#include "config/config.h"

enum key_kind {
	KEY_INT,                /* int, min..max */
	KEY_TEXT,               /* const char *, NULL when not set */
	KEY_PATH,               /* the same; "~/" is the home, relative means beside the configuration file */
	KEY_WORD,               /* an enum; its values are indexes into words */
	KEY_FLAG,               /* bool */
	KEY_CONF,               /* a mapping of texts: struct config_pair * here, its size_t count at count_offset */
	KEY_LIST,               /* a list of texts: const char ** here, its size_t count at count_offset */
	KEY_ROLES,              /* a mapping of roles: struct config_role * here, its size_t count at count_offset */
	KEY_LIMIT,              /* int, min..max, or CONFIG_NO_LIMIT when not set */
	KEY_LIMITS,             /* a mapping of names to such numbers: struct config_limit * here, its size_t count at count_offset */
};

struct config_key {
	const char *name;               /* with dots; of a cluster's key: its own name */
	enum key_kind kind;
	size_t offset;                  /* in struct config or struct config_cluster */
	size_t count_offset;
	const char *default_text;       /* NULL: not set */
	int min, max;
	const char *const *words;       /* words[words_count] */
	size_t words_count;
	const char *(*remedy)(const char *text);        /* NULL when the text (of a mapping: a name) is right, else what would be */
	const char *(*value_remedy)(const char *text);  /* the same of each value of a mapping */
	bool needs_restart;             /* a running process keeps the value that it began with */
	const char *unit;               /* for messages and help; NULL: none */
	const char *help;
};

extern const struct config_key config_keys[];
extern const size_t config_keys_count;
extern const struct config_key config_cluster_keys[];
extern const size_t config_cluster_keys_count;

#define CONFIG_CLUSTERS "clusters"

const struct config_key *config_key_find(const struct config_key *keys, size_t keys_count, const char *name);

/* Is this the first word of some keys, e.g. "kube"? */
bool config_is_section(const char *name);

/* What was probably meant by an unknown name, or NULL: full names of config_keys, sections and "clusters". */
const char *config_nearest_key(struct arena *arena, const char *name);
const char *config_nearest_cluster_key(const char *name);

/* SPARKGATE_ + the name in capitals, everything that is no letter or digit as an underscore. */
const char *config_variable_name(struct arena *arena, const char *name);

/* Where a value was written: in the environment, else in this line of the file. */
struct place {
	const char *variable;
	size_t line;
};

struct reader {
	struct config *config;
	struct arena scratch;           /* the tree, names, messages: until the reading ends */
	const char *path;
	config_error_fn on_error;
	void *context;
	size_t errors_count;
	bool needs_database;
};

/* A key of struct config_rules, whose offsets become those within it; false: it is another key of a cluster. */
bool config_key_of_rules(const struct config_key *key, struct config_key *ret_key);

/* Can only the file hold such a value? */
bool config_is_of_file(const struct config_key *key);

/* Reports one error: "file:line: key: ..." or "SPARKGATE_KEY: key: ...". */
void config_complain(struct reader *reader, struct place place, const char *name, const char *format, ...)
	PRINTF_LIKE(4, 5);

/* Puts a text (NULL: not set, the default counts) into `target` + the key's offset, or complains. */
void config_set_text(struct reader *reader, const struct config_key *key, const char *name, struct place place,
		     const char *text, void *target);
/* The same from a YAML value, of any kind. */
void config_set_yaml(struct reader *reader, const struct config_key *key, const char *name, struct place place,
		     const struct yaml *value, void *target);
/* The variable of this key that is set, or NULL. */
const char *config_variable_of(struct reader *reader, const char *name, const char **ret_text);

/* The roles of one cluster; `name` is that of the key, for messages. */
void config_set_roles(struct reader *reader, const struct config_key *key, const char *name, const struct yaml *roles,
		      void *target);

/* When all is read: somebody must have each role that a cluster knows. */
void config_check_roles(struct reader *reader, const struct yaml *root);

/* Reads the mapping of clusters (NULL: there is none) and lays their environment over it. */
void config_read_clusters(struct reader *reader, const struct yaml *clusters, struct place place);

/* What a text must look like; NULL or the remedy. */
const char *config_remedy_dns_label(const char *text);
const char *config_remedy_dns_subdomain(const char *text);
const char *config_remedy_one_word(const char *text);
const char *config_remedy_version(const char *text);
const char *config_remedy_users(const char *text);
const char *config_remedy_account(const char *text);
const char *config_remedy_paths(const char *text);
const char *config_remedy_addresses(const char *text);
const char *config_remedy_cluster_name(const char *text);

#endif
