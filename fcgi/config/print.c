/*
 * config/print.c - the configuration in force, as YAML that can be read back (but for hidden secrets).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/config_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define HIDDEN "***"

/* In double quotes, with what YAML needs escaped. */
static void
print_quoted(struct buf *text, const char *value)
{
	buf_text(text, "\"");
	for (const char *at = value; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;

		if (c == '"' || c == '\\')
			buf_printf(text, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(text, "\\x%02x", c);
		else
			buf_append(text, at, 1);
	}
	buf_text(text, "\"");
}

static bool
hides(const char *name, size_t length)
{
	/* libpq's two secret parameters; a password file's name is no secret. */
	return (length == 8 && strncmp(name, "password", 8) == 0) ||
	       (length == 11 && strncmp(name, "sslpassword", 11) == 0);
}

static const char *
skip_spaces(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* Behind a value of libpq's keyword form: 'quoted', or up to a space; a backslash keeps the next byte. */
static const char *
skip_value(const char *at)
{
	bool quoted = *at == '\'';

	if (quoted)
		at++;
	for (; *at != '\0'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (quoted ? *at == '\'' : isspace((unsigned char)*at) != 0)
			return quoted ? at + 1 : at;
	}
	return at;
}

/* "host=/run password = 'a b' dbname=x", PostgreSQL documentation, 34.1.1.1. */
static void
hide_in_keywords(struct buf *hidden, const char *conninfo)
{
	const char *at = conninfo;

	while (*at != '\0') {
		const char *name = skip_spaces(at);
		size_t length = strcspn(name, "= \t\r\n\f\v");
		const char *equals = skip_spaces(name + length);
		const char *value, *end;

		if (*equals != '=') {
			/* No conninfo; nothing of it is known to be harmless. */
			buf_text(hidden, *name == '\0' ? "" : HIDDEN);
			return;
		}
		value = skip_spaces(equals + 1);
		end = skip_value(value);
		buf_append(hidden, at, (size_t)(value - at));
		if (hides(name, length))
			buf_text(hidden, HIDDEN);
		else
			buf_append(hidden, value, (size_t)(end - value));
		at = end;
	}
}

/* "postgresql://user:secret@host/db?password=secret", PostgreSQL documentation, 34.1.1.2. */
static void
hide_in_uri(struct buf *hidden, const char *uri)
{
	const char *authority = strstr(uri, "://") + 3;
	/* The last one: a password that should have been percent-encoded may hold others. */
	const char *at_sign = strrchr(authority, '@');
	const char *colon = authority + strcspn(authority, ":@");
	const char *at = authority;

	buf_append(hidden, uri, (size_t)(authority - uri));
	if (at_sign != NULL) {
		buf_append(hidden, authority, (size_t)(colon - authority));
		buf_text(hidden, *colon == ':' ? ":" HIDDEN : "");
		at = at_sign;
	}
	while (*at != '\0') {
		size_t length = strcspn(at, "?&");
		size_t name_length = strcspn(at, "=");

		if (name_length < length && hides(at, name_length))
			buf_printf(hidden, "%.*s=" HIDDEN, (int)name_length, at);
		else
			buf_append(hidden, at, length);
		at += length;
		if (*at != '\0')
			buf_append(hidden, at++, 1);
	}
}

static void
print_conninfo(struct buf *text, const char *conninfo)
{
	AUTO_BUF struct buf hidden;

	buf_init(&hidden, text->limit_bytes);
	if (strncmp(conninfo, "postgresql://", 13) == 0 || strncmp(conninfo, "postgres://", 11) == 0)
		hide_in_uri(&hidden, conninfo);
	else
		hide_in_keywords(&hidden, conninfo);
	print_quoted(text, buf_str(&hidden));
}

/* Spark's own spark.redaction.regex: (?i)secret|password|token|access[.]?key. */
static bool
is_secret_property(const char *key)
{
	static const char *const words[] = { "secret", "password", "token", "accesskey", "access.key" };

	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (strcasestr(key, words[i]) != NULL)
			return true;
	return false;
}

static void
print_conf(struct buf *text, const char *indent, const struct config_pair *pairs, size_t count)
{
	if (count == 0)
		buf_text(text, " {}");
	buf_text(text, "\n");
	for (size_t i = 0; i < count; i++) {
		buf_printf(text, "%s  ", indent);
		print_quoted(text, pairs[i].key);
		buf_text(text, ": ");
		print_quoted(text, is_secret_property(pairs[i].key) ? HIDDEN : pairs[i].value);
		buf_text(text, "\n");
	}
}

static void
print_list(struct buf *text, const char *indent, const char *const *texts, size_t count)
{
	buf_text(text, count == 0 ? " []\n" : "\n");
	for (size_t i = 0; i < count; i++) {
		buf_printf(text, "%s  - ", indent);
		print_quoted(text, texts[i]);
		buf_text(text, "\n");
	}
}

static void
print_limits(struct buf *text, const char *indent, const struct config_limit *limits, size_t count)
{
	buf_text(text, count == 0 ? " {}\n" : "\n");
	for (size_t i = 0; i < count; i++) {
		buf_printf(text, "%s  ", indent);
		print_quoted(text, limits[i].name);
		buf_printf(text, ": %d\n", limits[i].most);
	}
}

#define HELP_COLUMNS 100

static void
print_help(struct buf *text, const char *indent, const struct config_key *key)
{
	const char *at = key->help;

	while (*at != '\0') {
		size_t length = strlen(at);

		if (length > HELP_COLUMNS) {
			length = HELP_COLUMNS;
			while (length > 0 && at[length] != ' ')
				length--;
		}
		buf_printf(text, "%s# %.*s\n", indent, (int)length, at);
		at = skip_spaces(at + length);
	}
	if (key->kind == KEY_INT)
		buf_printf(text, "%s# %s, %d to %d; default %s\n", indent, key->unit, key->min, key->max,
			   key->default_text);
	if (key->kind == KEY_LIMIT || key->kind == KEY_LIMITS)
		buf_printf(text, "%s# %s, %d to %d; not set: no limit\n", indent, key->unit, key->min, key->max);
}

static void
print_string(struct buf *text, const struct config_key *key, const char *value)
{
	if (value == NULL)
		buf_text(text, " null\n");
	else {
		buf_text(text, " ");
		if (strcmp(key->name, "database.conninfo") == 0)
			print_conninfo(text, value);
		else
			print_quoted(text, value);
		buf_text(text, "\n");
	}
}

static void print_key(struct buf *text, const char *indent, const struct config_key *key, bool with_help, const void *source);

static void
print_roles(struct buf *text, const char *indent, const struct config_cluster *cluster)
{
	char inner[16];
	struct config_key key;

	snprintf(inner, sizeof(inner), "%s    ", indent);
	buf_text(text, cluster->roles_count == 0 ? " {}\n" : "\n");
	for (size_t i = 0; i < cluster->roles_count; i++) {
		buf_printf(text, "%s  ", indent);
		print_quoted(text, cluster->roles[i].name);
		buf_text(text, ":\n");
		for (size_t j = 0; j < config_cluster_keys_count; j++) {
			if (config_key_of_rules(&config_cluster_keys[j], &key))
				print_key(text, inner, &key, false, &cluster->roles[i].rules);
		}
	}
}

static void
print_key(struct buf *text, const char *indent, const struct config_key *key, bool with_help, const void *source)
{
	const char *dot = strrchr(key->name, '.');
	const char *member = (const char *)source + key->offset;

	if (with_help)
		print_help(text, indent, key);
	buf_printf(text, "%s%s:", indent, dot == NULL ? key->name : dot + 1);
	switch (key->kind) {
	case KEY_INT:
		buf_printf(text, " %d\n", *(const int *)member);
		break;
	case KEY_LIMIT:
		if (*(const int *)member == CONFIG_NO_LIMIT)
			buf_text(text, " null\n");
		else
			buf_printf(text, " %d\n", *(const int *)member);
		break;
	case KEY_LIMITS:
		print_limits(text, indent, *(struct config_limit *const *)member,
			     *(const size_t *)((const char *)source + key->count_offset));
		break;
	case KEY_WORD:
		buf_printf(text, " %s\n", key->words[*(const int *)member]);
		break;
	case KEY_FLAG:
		buf_printf(text, " %s\n", *(const bool *)member ? "true" : "false");
		break;
	case KEY_TEXT:
	case KEY_PATH:
		print_string(text, key, *(const char *const *)member);
		break;
	case KEY_CONF:
		print_conf(text, indent, *(struct config_pair *const *)member,
			   *(const size_t *)((const char *)source + key->count_offset));
		break;
	case KEY_ROLES:
		print_roles(text, indent, source);
		break;
	case KEY_LIST:
		print_list(text, indent, *(const char *const *const *)member,
			   *(const size_t *)((const char *)source + key->count_offset));
		break;
	}
}

static void
print_clusters(const struct config *config, struct buf *text)
{
	buf_text(text, "# The clusters, in the order of the file.\n" CONFIG_CLUSTERS ":\n");
	for (size_t i = 0; i < config->clusters_count; i++) {
		buf_printf(text, "  %s:\n", config->clusters[i].name);
		for (size_t j = 0; j < config_cluster_keys_count; j++)
			print_key(text, "    ", &config_cluster_keys[j], i == 0, &config->clusters[i]);
	}
}

void
config_print(const struct config *config, struct buf *text)
{
	const char *section = "";
	size_t section_length = 0;

	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];
		const char *dot = strchr(key->name, '.');
		size_t length = dot == NULL ? 0 : (size_t)(dot - key->name);

		if (length > 0 && (length != section_length || strncmp(section, key->name, length) != 0))
			buf_printf(text, "%.*s:\n", (int)length, key->name);
		section = key->name;
		section_length = length;
		print_key(text, length > 0 ? "  " : "", key, true, config);
	}
	print_clusters(config, text);
}
