/*
 * config/value.c - one value: its text or YAML, checked, into its place in the configuration.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/config_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/uri.h"

void
config_complain(struct reader *reader, struct place place, const char *name, const char *format, ...)
{
	char reason[1024];
	va_list arguments;
	const char *where = place.variable;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	if (where == NULL)
		where = arena_printf(&reader->scratch, "%s:%zu", reader->path, place.line);
	else
		where = arena_printf(&reader->scratch, "environment variable %s", where);
	reader->on_error(reader->context, arena_printf(&reader->scratch, "%s: %s: %s", where, name, reason));
	reader->errors_count++;
}

const char *
config_remedy_dns_label(const char *text)
{
	if (text_is_dns_label(text, strlen(text)))
		return NULL;
	return "write a DNS label: 1 to 63 of a-z, 0-9 and \"-\", with no \"-\" at either end";
}

const char *
config_remedy_dns_subdomain(const char *text)
{
	return text_is_dns_name(text, strlen(text)) ? NULL : "write a DNS name: labels of a-z, 0-9 and \"-\" joined by dots, "
							     "253 bytes at most";
}

const char *
config_remedy_one_word(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (isspace((unsigned char)*at) || iscntrl((unsigned char)*at))
			return "write one word without spaces";
	return NULL;
}

const char *
config_remedy_version(const char *text)
{
	int parts = 1;

	for (const char *at = text; parts > 0 && *at != '\0'; at++) {
		if (*at == '.')
			parts++;
		else if (*at < '0' || *at > '9')
			parts = 0;
	}
	return (parts == 2 || parts == 3) && text[0] != '.' && strstr(text, "..") == NULL && text[strlen(text) - 1] != '.'
		       ? NULL : "write a version of Spark such as 3.5 or 4.0.1, in quotes";
}

/* Patterns of users, commas between; a name has a remedy of its own, because "" means everybody to nobody. */
const char *
config_remedy_users(const char *text)
{
	return text[strspn(text, ", ")] != '\0' ? NULL : "write users, or patterns of users such as \"etl-*\", with commas "
						       "between";
}

const char *
config_remedy_account(const char *text)
{
	static const char user[] = "{user}";
	const char *at = strstr(text, user);
	char example[256];

	if (at == NULL)
		return config_remedy_dns_subdomain(text);
	snprintf(example, sizeof(example), "%.*su%s", (int)(at - text), text, at + strlen(user));
	return text_is_dns_label(example, strlen(example)) ? NULL : "write a service account, or e.g. \"spark-{user}\", which "
								    "has {user} once and is a DNS label with a user's name "
								    "in its place";
}

static bool
ends_in_slash(const char *text)
{
	return text[0] != '\0' && text[strlen(text) - 1] == '/';
}

const char *
config_remedy_paths(const char *text)
{
	const char *path = uri_local_path(text);

	if (text[0] == '\0' || (path != NULL && ends_in_slash(path) && strstr(path, "..") == NULL && strstr(path, "//") == NULL))
		return NULL;
	return "write a directory with a \"/\" at its end, such as \"/data/\" or \"file:/data/\", or \"\" for all relative paths";
}

const char *
config_remedy_addresses(const char *text)
{
	if (uri_local_path(text) == NULL && uri_has_scheme(text, strlen(text)) && ends_in_slash(text))
		return NULL;
	return "write an address with a \"/\" at its end that drivers can reach, e.g. \"s3a://bucket/jobs/\" or "
	       "\"local:///opt/jobs/\"";
}

const char *
config_remedy_cluster_name(const char *text)
{
	size_t length = strlen(text);
	bool right = length <= 31 && text_is_dns_label(text, length) && text[0] >= 'a' && strchr(text, '-') == NULL;

	return right ? NULL : "write a name of 1 to 31 of a-z and 0-9 that begins with a letter";
}

static bool
read_int(struct reader *reader, const struct config_key *key, const char *name, struct place place, const char *text,
	 int *ret_number)
{
	size_t length = strlen(text);
	long number;

	if (length == 0 || strspn(text, "0123456789") != length) {
		config_complain(reader, place, name, "\"%s\" is no whole number; write one from %d to %d (%s)", text,
				key->min, key->max, key->unit);
		return false;
	}
	errno = 0;
	number = strtol(text, NULL, 10);
	if (errno != 0 || number < key->min || number > key->max) {
		config_complain(reader, place, name, "%s is out of range; write a number from %d to %d (%s)", text,
				key->min, key->max, key->unit);
		return false;
	}
	*ret_number = (int)number;
	return true;
}

static const char *
join_words(struct arena *arena, const struct config_key *key)
{
	const char *joined = key->words[0];

	for (size_t i = 1; i < key->words_count; i++)
		joined = arena_printf(arena, "%s%s%s", joined, i + 1 < key->words_count ? ", " : " or ", key->words[i]);
	return joined;
}

static void
set_word(struct reader *reader, const struct config_key *key, const char *name, struct place place, const char *text,
	 int *member)
{
	for (size_t i = 0; i < key->words_count; i++)
		if (strcmp(key->words[i], text) == 0) {
			*member = (int)i;
			return;
		}
	config_complain(reader, place, name, "unknown value \"%s\"; write %s", text, join_words(&reader->scratch, key));
}

static void
set_flag(struct reader *reader, const char *name, struct place place, const char *text, bool *member)
{
	if (strcasecmp(text, "true") == 0)
		*member = true;
	else if (strcasecmp(text, "false") == 0)
		*member = false;
	else
		config_complain(reader, place, name, "\"%s\" is neither true nor false; write one of them", text);
}

static void
set_path(struct reader *reader, const char *name, struct place place, const char *text, const char **member)
{
	struct arena *arena = &reader->config->arena;
	const char *slash = strrchr(reader->path, '/');

	if (text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
		const char *home = getenv("HOME");

		if (home == NULL || home[0] == '\0')
			config_complain(reader, place, name, "\"~\" needs HOME, which is not set; write the whole "
					"path");
		else
			*member = arena_printf(arena, "%s%s", home, text + 1);
		return;
	}
	if (text[0] == '/' || slash == NULL)
		*member = arena_strdup(arena, text);
	else
		*member = arena_printf(arena, "%.*s%s", (int)(slash + 1 - reader->path), reader->path, text);
}

static void
set_plain_text(struct reader *reader, const struct config_key *key, const char *name, struct place place,
	       const char *text, const char **member)
{
	const char *remedy = key->remedy == NULL ? NULL : key->remedy(text);

	if (remedy != NULL)
		config_complain(reader, place, name, "\"%s\" will not do; %s", text, remedy);
	else
		*member = arena_strdup(&reader->config->arena, text);
}

/* Empty texts count as not set: "" in the file or an empty variable takes a value away. */
void
config_set_text(struct reader *reader, const struct config_key *key, const char *name, struct place place,
		const char *text, void *target)
{
	void *member = (char *)target + key->offset;

	if (text == NULL || text[0] == '\0')
		text = key->default_text;
	if (text == NULL && key->kind == KEY_LIMIT) {
		*(int *)member = CONFIG_NO_LIMIT;
		return;
	}
	if (text == NULL) {
		*(const char **)member = NULL;
		return;
	}
	switch (key->kind) {
	case KEY_INT:
	case KEY_LIMIT:
		read_int(reader, key, name, place, text, member);
		break;
	case KEY_TEXT:
		set_plain_text(reader, key, name, place, text, member);
		break;
	case KEY_PATH:
		set_path(reader, name, place, text, member);
		break;
	case KEY_WORD:
		set_word(reader, key, name, place, text, member);
		break;
	case KEY_FLAG:
		set_flag(reader, name, place, text, member);
		break;
	case KEY_CONF:
	case KEY_LIMITS:
	case KEY_LIST:
	case KEY_ROLES:
		config_complain(reader, place, name, "a %s, which only the file can hold; unset the variable",
				key->kind == KEY_LIST ? "list" : "mapping");
		break;
	}
}

static size_t
count_entries(const struct yaml *mapping)
{
	size_t count = 0;

	for (const struct yaml_entry *entry = mapping->first; entry != NULL; entry = entry->next)
		count++;
	return count;
}

/* Each name once and with one value; complains. */
static bool
check_entry(struct reader *reader, const struct config_key *key, const char *full, const struct yaml_entry *entry)
{
	const char *remedy = key->remedy == NULL ? NULL : key->remedy(entry->key);
	const char *value_remedy = key->value_remedy == NULL || entry->value->kind != YAML_SCALAR
					   ? NULL : key->value_remedy(entry->value->text);
	size_t errors_count = reader->errors_count;
	struct place place = { .line = entry->line };

	if (remedy != NULL)
		config_complain(reader, place, full, "\"%s\" will not do; %s", entry->key, remedy);
	else if (entry->first_line != 0)
		config_complain(reader, place, full, "written twice, first in line %zu; remove one", entry->first_line);
	else if (entry->value->kind != YAML_SCALAR)
		config_complain(reader, place, full, "a %s, but each has one value; write "
				"the whole name, dots included, and its value in one line",
				entry->value->kind == YAML_MAPPING ? "mapping" : "list");
	else if (yaml_is_null(entry->value))
		config_complain(reader, place, full, "has no value; write one%s",
				key->kind == KEY_CONF ? " (\"\" for an empty text)" : "");
	else if (value_remedy != NULL)
		config_complain(reader, place, full, "\"%s\" will not do; %s", entry->value->text, value_remedy);
	return reader->errors_count == errors_count;
}

/* Values are kept as they were written: 0.10 stays 0.10, yes stays yes. */
static void
set_conf(struct reader *reader, const struct config_key *key, const char *name, const struct yaml *conf, void *target)
{
	struct arena *arena = &reader->config->arena;
	struct config_pair *pairs = arena_alloc(arena, (count_entries(conf) + 1) * sizeof(*pairs));
	size_t count = 0;

	for (const struct yaml_entry *entry = conf->first; entry != NULL; entry = entry->next) {
		if (check_entry(reader, key, arena_printf(&reader->scratch, "%s.%s", name, entry->key), entry))
			pairs[count++] = (struct config_pair){ arena_strdup(arena, entry->key),
							       arena_strdup(arena, entry->value->text) };
	}
	*(struct config_pair **)((char *)target + key->offset) = pairs;
	*(size_t *)((char *)target + key->count_offset) = count;
}

static void
set_limits(struct reader *reader, const struct config_key *key, const char *name, const struct yaml *limits, void *target)
{
	struct arena *arena = &reader->config->arena;
	struct config_limit *items = arena_alloc(arena, (count_entries(limits) + 1) * sizeof(*items));
	size_t count = 0;

	for (const struct yaml_entry *entry = limits->first; entry != NULL; entry = entry->next) {
		const char *full = arena_printf(&reader->scratch, "%s.%s", name, entry->key);

		if (check_entry(reader, key, full, entry) &&
		    read_int(reader, key, full, (struct place){ .line = entry->line }, entry->value->text, &items[count].most))
			items[count++].name = arena_strdup(arena, entry->key);
	}
	*(struct config_limit **)((char *)target + key->offset) = items;
	*(size_t *)((char *)target + key->count_offset) = count;
}

static void
set_list(struct reader *reader, const struct config_key *key, const char *name, const struct yaml *list, void *target)
{
	struct arena *arena = &reader->config->arena;
	const char **texts = arena_alloc(arena, (count_entries(list) + 1) * sizeof(*texts));
	size_t count = 0;

	for (const struct yaml_entry *entry = list->first; entry != NULL; entry = entry->next) {
		struct place place = { .line = entry->line };

		if (entry->value->kind != YAML_SCALAR || yaml_is_null(entry->value) || entry->value->text[0] == '\0')
			config_complain(reader, place, name, "each member is one text; write it behind a \"- \"");
		else
			set_plain_text(reader, key, name, place, entry->value->text, &texts[count++]);
	}
	*(const char ***)((char *)target + key->offset) = texts;
	*(size_t *)((char *)target + key->count_offset) = count;
}

bool
config_is_of_file(const struct config_key *key)
{
	return key->kind == KEY_CONF || key->kind == KEY_LIMITS || key->kind == KEY_LIST || key->kind == KEY_ROLES;
}

static const char *
kind_words(const struct config_key *key)
{
	switch (key->kind) {
	case KEY_INT:
	case KEY_LIMIT:
		return "a whole number";
	case KEY_FLAG:
		return "true or false";
	case KEY_CONF:
		return "a mapping, one \"name: value\" a line below it";
	case KEY_LIMITS:
		return "names and numbers, one \"name: number\" a line below it";
	case KEY_ROLES:
		return "a mapping of roles to what they get and may have";
	case KEY_LIST:
		return "a list, one \"- text\" a line below it";
	default:
		return "one text";
	}
}

void
config_set_yaml(struct reader *reader, const struct config_key *key, const char *name, struct place place,
		const struct yaml *value, void *target)
{
	static const char *const kinds[] = {
		[YAML_SCALAR] = "a single value", [YAML_SEQUENCE] = "a list", [YAML_MAPPING] = "a mapping",
	};
	static const enum yaml_kind right_kinds[] = {
		[KEY_CONF] = YAML_MAPPING, [KEY_LIMITS] = YAML_MAPPING, [KEY_ROLES] = YAML_MAPPING, [KEY_LIST] = YAML_SEQUENCE,
	};
	enum yaml_kind right_kind = config_is_of_file(key) ? right_kinds[key->kind] : YAML_SCALAR;

	if (yaml_is_null(value))
		return;
	if (value->kind != right_kind)
		config_complain(reader, place, name, "%s, but it must be %s", kinds[value->kind], kind_words(key));
	else if (key->kind == KEY_CONF)
		set_conf(reader, key, name, value, target);
	else if (key->kind == KEY_LIMITS)
		set_limits(reader, key, name, value, target);
	else if (key->kind == KEY_LIST)
		set_list(reader, key, name, value, target);
	else if (key->kind == KEY_ROLES)
		config_set_roles(reader, key, name, value, target);
	else
		config_set_text(reader, key, name, place, value->text, target);
}

const char *
config_variable_of(struct reader *reader, const char *name, const char **ret_text)
{
	const char *variable = config_variable_name(&reader->scratch, name);

	*ret_text = getenv(variable);
	return *ret_text == NULL ? NULL : variable;
}
