/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/python_env.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"

#define DIRECTORY "/opt/sparkgate-python"
#define VOLUME "sparkgate-python"
#define REQUIREMENTS_MAX 100
#define TEXT_BYTES_MAX 8192
#define SPARK_UID 185                   /* of Spark's own images */

/* ---- requirements (PEP 508, without addresses) ---- */

static bool
is_name(const char *text, size_t size)
{
	if (size == 0 || !isalnum((unsigned char)text[0]) || !isalnum((unsigned char)text[size - 1]))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL)
			return false;
	}
	return true;
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " ");
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
#define VERSION_CHARACTERS NAME_CHARACTERS "+!*"

/* "[a,b]", or nothing. NULL: neither. */
static const char *
skip_extras(const char *text)
{
	const char *at = skip_blanks(text);

	if (*at != '[')
		return at;
	for (;;) {
		size_t size;

		at = skip_blanks(at + 1);
		size = strspn(at, NAME_CHARACTERS);
		if (!is_name(at, size))
			return NULL;
		at = skip_blanks(at + size);
		if (*at == ']')
			return skip_blanks(at + 1);
		if (*at != ',')
			return NULL;
	}
}

/* ">=1,<2", or nothing. NULL: neither. */
static const char *
skip_versions(const char *at)
{
	static const char *const operators[] = { "===", "==", "~=", "!=", "<=", ">=", "<", ">" };

	for (;;) {
		size_t size = 0;

		for (size_t i = 0; size == 0 && i < ARRAY_COUNT(operators); i++) {
			if (strncmp(at, operators[i], strlen(operators[i])) == 0)
				size = strlen(operators[i]);
		}
		if (size == 0)
			return at;
		at = skip_blanks(at + size);
		size = strspn(at, VERSION_CHARACTERS);
		if (size == 0)
			return NULL;
		at = skip_blanks(at + size);
		if (*at != ',')
			return at;
		at = skip_blanks(at + 1);
	}
}

/* "; python_version < '3.12'": words, comparisons and quoted texts; no address has any use in it. */
static bool
is_marker(const char *text)
{
	return text[0] == '\0' || (text[0] == ';' && strspn(text + 1, NAME_CHARACTERS " <>=!~()'\"*+") == strlen(text + 1));
}

static bool
is_requirement(const char *text)
{
	size_t size = strspn(text, NAME_CHARACTERS);
	const char *rest = is_name(text, size) ? skip_extras(text + size) : NULL;

	rest = rest == NULL ? NULL : skip_versions(rest);
	return rest != NULL && is_marker(rest);
}

/* Up to the comma that ends it: none in brackets, and none before an operator, which goes on with its versions. */
static size_t
requirement_size(const char *text)
{
	bool in_brackets = false;

	for (size_t size = 0;; size++) {
		if (text[size] == '\0')
			return size;
		if (text[size] == '[' || text[size] == ']')
			in_brackets = text[size] == '[';
		if (text[size] == ',' && !in_brackets && strchr("<>=!~", skip_blanks(text + size + 1)[0]) == NULL)
			return size;
		if (text[size] == ',' && skip_blanks(text + size + 1)[0] == '\0')
			return size;
	}
}

static char *
trimmed(struct arena *arena, const char *text, size_t size)
{
	const char *begin = skip_blanks(text);
	const char *end = text + size;

	while (end > begin && end[-1] == ' ')
		end--;
	return arena_strndup(arena, begin, end > begin ? (size_t)(end - begin) : 0);
}

static bool
refuse(struct err *err, const char *requirement)
{
	return err_set(err, ERR_INVALID, "conf " PYTHON_ENV_KEY ": '%s' is not taken: names of packages, with extras, versions and "
		       "markers, parted by commas, e.g. numpy>=1.21.0,pandas[performance]>=2,<3; no options, addresses or paths",
		       requirement);
}

bool
python_env_read(struct arena *arena, const char *text, const char **ret_requirements, struct err *err)
{
	const char *lines = "";
	size_t count = 0;

	if (strlen(text) > TEXT_BYTES_MAX)
		return err_set(err, ERR_INVALID, "conf " PYTHON_ENV_KEY ": longer than %d bytes; put the packages into the image, or "
			       "into an archive", TEXT_BYTES_MAX);
	for (size_t size; *text != '\0'; text += size + (text[size] == ',')) {
		char *requirement;

		size = requirement_size(text);
		requirement = trimmed(arena, text, size);
		if (!is_requirement(requirement))
			return refuse(err, requirement);
		if (++count > REQUIREMENTS_MAX)
			return err_set(err, ERR_INVALID, "conf " PYTHON_ENV_KEY ": more than %d packages; put them into the image, or "
				       "into an archive", REQUIREMENTS_MAX);
		lines = arena_printf(arena, "%s%s%s", lines, count > 1 ? "\n" : "", requirement);
	}
	if (count == 0)
		return refuse(err, "");
	*ret_requirements = lines;
	return true;
}

/* ---- the pod ---- */

/*
 * Requirements come by a variable, never as part of a program. An image whose Python cannot make environments gets the
 * packages beside its own. What pip prints last is kept by Kubernetes as the container's message.
 */
static const char script[] =
	"set -eu\n"
	"d=" DIRECTORY "\n"
	"mkdir -p \"$d/site\" \"$d/tmp\"\n"
	"export HOME=\"$d/tmp\" TMPDIR=\"$d/tmp\"\n"
	"printf '%s\\n' \"$SPARKGATE_PYTHON_REQUIREMENTS\" >\"$d/requirements.txt\"\n"
	"install='-m pip install --no-input --disable-pip-version-check --no-cache-dir'\n"
	"if python3 -m venv --system-site-packages \"$d/venv\" >\"$d/tmp/venv.log\" 2>&1 &&\n"
	"	\"$d/venv/bin/python3\" -m pip --version >/dev/null 2>&1; then\n"
	"	\"$d/venv/bin/python3\" $install -r \"$d/requirements.txt\"\n"
	"else\n"
	"	rm -rf \"$d/venv\"\n"
	"	mkdir -p \"$d/venv/bin\"\n"
	"	ln -s \"$(command -v python3)\" \"$d/venv/bin/python3\"\n"
	"	python3 $install --target \"$d/site\" -r \"$d/requirements.txt\"\n"
	"fi\n";

static struct json_object *
one_of(struct json_object *member)
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, member);
	return list;
}

static void
add_variable(struct json_object *list, const char *name, const char *value)
{
	struct json_object *variable = json_object_new_object();

	json_add_string(variable, "name", name);
	json_add_string(variable, "value", value);
	json_object_array_add(list, variable);
}

static struct json_object *
volume(void)
{
	struct json_object *volume = json_object_new_object(), *directory = json_object_new_object();

	json_add_string(volume, "name", VOLUME);
	json_add_string(directory, "sizeLimit", "4Gi");
	json_object_object_add(volume, "emptyDir", directory);
	return volume;
}

static struct json_object *
mount(void)
{
	struct json_object *mount = json_object_new_object();

	json_add_string(mount, "name", VOLUME);
	json_add_string(mount, "mountPath", DIRECTORY);
	return mount;
}

static const char pex_script[] =
	"set -eu\n"
	"printf '#!/bin/sh\\nexec python3 \"./%s\" \"$@\"\\n' \"$SPARKGATE_PEX\" >" PYTHON_ENV_PEX_RUNNER "\n"
	"chmod 755 " PYTHON_ENV_PEX_RUNNER "\n";

static struct json_object *
command(const char *script_text)
{
	struct json_object *words = json_object_new_array();

	json_object_array_add(words, json_object_new_string("/bin/sh"));
	json_object_array_add(words, json_object_new_string("-c"));
	json_object_array_add(words, json_object_new_string(script_text));
	return words;
}

/* Written out, because a namespace with a quota refuses pods with a container that has none. */
static struct json_object *
resources(const char *memory)
{
	struct json_object *resources = json_object_new_object();
	struct json_object *requests = json_object_new_object(), *limits = json_object_new_object();

	json_add_string(requests, "cpu", "100m");
	json_add_string(requests, "memory", memory);
	json_add_string(limits, "cpu", "1");
	json_add_string(limits, "memory", memory);
	json_object_object_add(resources, "requests", requests);
	json_object_object_add(resources, "limits", limits);
	return resources;
}

/* As much as Kubernetes' pod security level "restricted" asks for. */
static struct json_object *
security_context(void)
{
	struct json_object *context = json_object_new_object();
	struct json_object *capabilities = json_object_new_object(), *profile = json_object_new_object();

	json_object_object_add(context, "allowPrivilegeEscalation", json_object_new_boolean(false));
	json_object_object_add(context, "runAsNonRoot", json_object_new_boolean(true));
	json_add_int(context, "runAsUser", SPARK_UID);
	json_object_object_add(capabilities, "drop", one_of(json_object_new_string("ALL")));
	json_object_object_add(context, "capabilities", capabilities);
	json_add_string(profile, "type", "RuntimeDefault");
	json_object_object_add(context, "seccompProfile", profile);
	return context;
}

static struct json_object *
index_settings(const char *config_map)
{
	struct json_object *source = json_object_new_object(), *map = json_object_new_object();

	json_add_string(map, "name", config_map);
	json_object_object_add(source, "configMapRef", map);
	return source;
}

static struct json_object *
init_container(const struct python_env *env)
{
	struct json_object *container = json_object_new_object(), *variables = json_object_new_array();

	json_add_string(container, "name", PYTHON_ENV_CONTAINER);
	json_add_string(container, "image", env->image);
	json_add_string(container, "imagePullPolicy", env->image_pull_policy);
	json_object_object_add(container, "command", command(env->pex != NULL ? pex_script : script));
	if (env->pex != NULL)
		add_variable(variables, "SPARKGATE_PEX", env->pex);
	else
		add_variable(variables, "SPARKGATE_PYTHON_REQUIREMENTS", env->requirements);
	json_object_object_add(container, "env", variables);
	if (env->pip_config_map != NULL && env->pex == NULL)
		json_object_object_add(container, "envFrom", one_of(index_settings(env->pip_config_map)));
	json_object_object_add(container, "volumeMounts", one_of(mount()));
	json_object_object_add(container, "resources", resources(env->pex != NULL ? "64Mi" : "1Gi"));
	json_add_string(container, "terminationMessagePolicy", "FallbackToLogsOnError");
	json_object_object_add(container, "securityContext", security_context());
	return container;
}

static struct json_object *
spark_container(const struct python_env *env, const char *name)
{
	struct json_object *container = json_object_new_object(), *variables;

	json_add_string(container, "name", name);
	json_object_object_add(container, "volumeMounts", one_of(mount()));
	if (env->pex != NULL)
		return container;
	variables = json_object_new_array();
	add_variable(variables, "PYSPARK_PYTHON", PYTHON_ENV_INTERPRETER);
	add_variable(variables, "PYSPARK_DRIVER_PYTHON", PYTHON_ENV_INTERPRETER);
	add_variable(variables, "PYTHONPATH", DIRECTORY "/site");
	json_object_object_add(container, "env", variables);
	return container;
}

bool
python_env_is_pex_name(const char *name)
{
	return is_name(name, strlen(name));
}

struct json_object *
python_env_template(const struct python_env *env, const char *container)
{
	struct json_object *template = json_object_new_object(), *spec = json_object_new_object();

	json_object_object_add(template, "spec", spec);
	json_object_object_add(spec, "volumes", one_of(volume()));
	json_object_object_add(spec, "initContainers", one_of(init_container(env)));
	json_object_object_add(spec, "containers", one_of(spark_container(env, container)));
	return template;
}
