/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/limits.h"
#include "base/yaml.h"
#include "kube/kube.h"

/* The reading of one file. */
struct reader {
	struct arena *arena;            /* for what is kept */
	const char *path;
	struct err *err;
};

/* One entry of users, clusters or contexts. */
struct section {
	const char *list;               /* "users", as messages show it */
	const char *name;
	const struct yaml *value;
};

#define FAIL_AT(reader, line, ...) fail_at((reader), (line), arena_printf((reader)->arena, __VA_ARGS__))

static bool
fail_at(const struct reader *reader, size_t line, const char *reason)
{
	return err_set(reader->err, ERR_INVALID, "%s:%zu: %s", reader->path, line, reason);
}

static size_t
line_of(const struct section *section, const char *field)
{
	const struct yaml *value = yaml_member(section->value, field);

	return value == NULL ? section->value->line : value->line;
}

static bool
bad_field(const struct reader *reader, const struct section *section, const char *field, const char *reason)
{
	return FAIL_AT(reader, line_of(section, field), "%s[%s].%s: %s", section->list, section->name, field, reason);
}

/* ---- fields ---- */

static bool
no_control_characters(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* "" counts as absent, as in client-go. */
static bool
read_text(const struct reader *reader, const struct section *section, const char *field, const char **ret_text)
{
	const char *text = yaml_string(section->value, field);

	*ret_text = NULL;
	if (text == NULL || text[0] == '\0')
		return true;
	if (!no_control_characters(text))
		return bad_field(reader, section, field, "must be one line without control characters");
	*ret_text = arena_strdup(reader->arena, text);
	return true;
}

static bool
read_flag(const struct reader *reader, const struct section *section, const char *field, bool *ret_flag)
{
	const char *text = yaml_string(section->value, field);

	*ret_flag = text != NULL && strcmp(text, "true") == 0;
	if (text == NULL || *ret_flag || strcmp(text, "false") == 0)
		return true;
	return bad_field(reader, section, field, "must be true or false");
}

/* A path in the file, relative to the file's folder; it must be readable now, so that a mistake shows at the start. */
static bool
read_path(const struct reader *reader, const struct section *section, const char *field, const char **ret_path)
{
	const char *slash = strrchr(reader->path, '/');
	const char *path;

	if (!read_text(reader, section, field, &path))
		return false;
	if (path != NULL && path[0] != '/' && slash != NULL)
		path = arena_printf(reader->arena, "%.*s/%s", (int)(slash - reader->path), reader->path, path);
	*ret_path = path;
	if (path == NULL || access(path, R_OK) == 0)
		return true;
	return bad_field(reader, section, field,
			 arena_printf(reader->arena, "cannot read %s: %s", path, strerror(errno)));
}

/* <field>-data wins over <field>, which is a path. */
static bool
read_pem(const struct reader *reader, const struct section *section, const char *field, struct pem *ret_pem)
{
	const char *data_field = arena_printf(reader->arena, "%s-data", field);
	const char *data = yaml_string(section->value, data_field);
	char *bytes;

	*ret_pem = (struct pem){ 0 };
	if (data == NULL || data[0] == '\0')
		return read_path(reader, section, field, &ret_pem->file);
	if (!base64_decode(reader->arena, data, &bytes, &ret_pem->size_bytes) ||
	    strstr(bytes, "-----BEGIN ") == NULL)
		return bad_field(reader, section, data_field, "must be a PEM file in base64");
	ret_pem->bytes = bytes;
	return true;
}

/* ---- cluster ---- */

static void
free_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static bool
url_has(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static bool
is_server_url(const char *server)
{
	AUTO(free_url) CURLU *url = curl_url();

	if (strncmp(server, "https://", 8) != 0 && strncmp(server, "http://", 7) != 0)
		return false;
	return url != NULL && curl_url_set(url, CURLUPART_URL, server, 0) == CURLUE_OK &&
	       url_has(url, CURLUPART_HOST) && !url_has(url, CURLUPART_USER) && !url_has(url, CURLUPART_QUERY) &&
	       !url_has(url, CURLUPART_FRAGMENT);
}

static bool
read_server(const struct reader *reader, const struct section *section, const char **ret_server)
{
	const char *server;
	size_t size_bytes;

	if (!read_text(reader, section, "server", &server))
		return false;
	if (server == NULL)
		return bad_field(reader, section, "server", "is missing: https://HOST:PORT of the API server");
	if (!is_server_url(server))
		return bad_field(reader, section, "server", "must be like https://HOST:PORT");
	size_bytes = strlen(server);
	while (server[size_bytes - 1] == '/')
		size_bytes--;
	*ret_server = arena_strndup(reader->arena, server, size_bytes);
	return true;
}

static bool
read_cluster(const struct reader *reader, const struct section *section, struct endpoint *endpoint)
{
	if (!read_server(reader, section, &endpoint->server) ||
	    !read_text(reader, section, "tls-server-name", &endpoint->tls_server_name) ||
	    !read_text(reader, section, "proxy-url", &endpoint->proxy_url) ||
	    !read_flag(reader, section, "insecure-skip-tls-verify", &endpoint->insecure) ||
	    !read_pem(reader, section, "certificate-authority", &endpoint->ca))
		return false;
	if (endpoint->insecure && (endpoint->ca.bytes != NULL || endpoint->ca.file != NULL))
		return bad_field(reader, section, "insecure-skip-tls-verify",
				 "contradicts certificate-authority: leave one of them out");
	return true;
}

/* ---- user ---- */

static bool
refuse_plugins(const struct reader *reader, const struct section *section)
{
	static const char *const plugins[] = { "exec", "auth-provider" };

	for (size_t i = 0; i < ARRAY_COUNT(plugins); i++)
		if (yaml_member(section->value, plugins[i]) != NULL)
			return bad_field(reader, section, plugins[i],
					 "is not supported, because a server runs no programs for its credentials: "
					 "use tokenFile (a service account's token) or client-certificate instead");
	return true;
}

static void
add_impersonation(const struct reader *reader, struct endpoint *endpoint, const char *header, const char *value)
{
	size_t count = endpoint->impersonation_count;
	const char **lines = arena_alloc(reader->arena, (count + 1) * sizeof(*lines));

	if (count > 0)
		memcpy(lines, endpoint->impersonation, count * sizeof(*lines));
	lines[count] = arena_printf(reader->arena, "%s: %s", header, value);
	endpoint->impersonation = lines;
	endpoint->impersonation_count = count + 1;
}

static bool
add_impersonation_list(const struct reader *reader, const struct section *section, const char *field,
		       const struct yaml *values, const char *header, struct endpoint *endpoint)
{
	if (values != NULL && values->kind != YAML_SEQUENCE)
		return bad_field(reader, section, field, "must be a list");
	for (const struct yaml_entry *entry = values == NULL ? NULL : values->first; entry != NULL;
	     entry = entry->next) {
		if (entry->value->kind != YAML_SCALAR || !no_control_characters(entry->value->text))
			return bad_field(reader, section, field, "must hold texts of one line");
		add_impersonation(reader, endpoint, header, entry->value->text);
	}
	return true;
}

/* Source: Kubernetes authentication, "User impersonation": the keys of extras are percent-encoded. */
static bool
read_impersonation(const struct reader *reader, const struct section *section, struct endpoint *endpoint)
{
	const struct yaml *extras = yaml_member(section->value, "as-user-extra");
	const struct yaml *groups = yaml_member(section->value, "as-groups");
	const char *user, *uid;

	if (!read_text(reader, section, "as", &user) || !read_text(reader, section, "as-uid", &uid))
		return false;
	if (user == NULL && (uid != NULL || groups != NULL || extras != NULL))
		return bad_field(reader, section, "as", "is missing: as-uid, as-groups and as-user-extra need it");
	if (user != NULL)
		add_impersonation(reader, endpoint, "Impersonate-User", user);
	if (uid != NULL)
		add_impersonation(reader, endpoint, "Impersonate-Uid", uid);
	if (!add_impersonation_list(reader, section, "as-groups", groups, "Impersonate-Group", endpoint))
		return false;
	if (extras != NULL && extras->kind != YAML_MAPPING)
		return bad_field(reader, section, "as-user-extra", "must map names to lists");
	for (const struct yaml_entry *extra = extras == NULL ? NULL : extras->first; extra != NULL; extra = extra->next)
		if (!add_impersonation_list(reader, section, "as-user-extra", extra->value,
					    arena_printf(reader->arena, "Impersonate-Extra-%s",
							 kube_escape(reader->arena, extra->key)),
					    endpoint))
			return false;
	return true;
}

static bool
read_user(const struct reader *reader, const struct section *section, struct endpoint *endpoint)
{
	bool has_certificate, has_key;

	if (!refuse_plugins(reader, section) ||
	    !read_pem(reader, section, "client-certificate", &endpoint->certificate) ||
	    !read_pem(reader, section, "client-key", &endpoint->key) ||
	    !read_text(reader, section, "token", &endpoint->token) ||
	    !read_path(reader, section, "tokenFile", &endpoint->token_file) ||
	    !read_text(reader, section, "username", &endpoint->username) ||
	    !read_text(reader, section, "password", &endpoint->password) ||
	    !read_impersonation(reader, section, endpoint))
		return false;
	has_certificate = endpoint->certificate.bytes != NULL || endpoint->certificate.file != NULL;
	has_key = endpoint->key.bytes != NULL || endpoint->key.file != NULL;
	if (has_certificate != has_key)
		return bad_field(reader, section, has_key ? "client-certificate" : "client-key",
				 "is missing: certificate and key belong together");
	return true;
}

/* ---- file ---- */

/* The entry called `name` of the list; `member` holds what it is about. */
static bool
find_section(const struct reader *reader, const struct yaml *root, const char *list, const char *member,
	     const char *name, struct section *ret_section)
{
	const struct yaml *entries = yaml_member(root, list);

	for (const struct yaml_entry *entry = entries == NULL ? NULL : entries->first; entry != NULL;
	     entry = entry->next) {
		const char *entry_name = yaml_string(entry->value, "name");
		const struct yaml *value = yaml_member(entry->value, member);

		if (entry_name == NULL || strcmp(entry_name, name) != 0)
			continue;
		if (value == NULL || value->kind != YAML_MAPPING)
			return FAIL_AT(reader, entry->line, "%s[%s].%s: is missing", list, name, member);
		*ret_section = (struct section){ .list = list, .name = name, .value = value };
		return true;
	}
	return FAIL_AT(reader, entries == NULL ? root->line : entries->line, "%s: there is none called \"%s\"", list,
		       name);
}

static bool
read_context(const struct reader *reader, const struct yaml *root, const char *name, struct endpoint *endpoint)
{
	struct section context, cluster, user;
	const char *cluster_name, *user_name;

	if (name == NULL)
		name = yaml_string(root, "current-context");
	if (name == NULL || name[0] == '\0')
		return FAIL_AT(reader, root->line, "current-context: is missing: name a context in the configuration");
	if (!find_section(reader, root, "contexts", "context", name, &context) ||
	    !read_text(reader, &context, "cluster", &cluster_name) ||
	    !read_text(reader, &context, "user", &user_name) ||
	    !read_text(reader, &context, "namespace", &endpoint->namespace))
		return false;
	if (cluster_name == NULL)
		return bad_field(reader, &context, "cluster", "is missing");
	if (!find_section(reader, root, "clusters", "cluster", cluster_name, &cluster) ||
	    !read_cluster(reader, &cluster, endpoint))
		return false;
	/* Nobody in particular: fine behind `kubectl proxy`. */
	if (user_name == NULL)
		return true;
	return find_section(reader, root, "users", "user", user_name, &user) && read_user(reader, &user, endpoint);
}

bool
kubeconfig_read(struct arena *arena, const char *path, const char *context, struct endpoint *ret_endpoint,
		struct err *err)
{
	struct reader reader = { .arena = arena, .path = path, .err = err };
	struct endpoint endpoint = { 0 };
	struct arena tree;
	struct yaml *root;
	bool good;

	/* As for the configuration: the tree of the largest file that is read takes some 100 MB. */
	arena_init(&tree, 4 * (size_t)LIMIT_ARENA_BYTES);
	good = yaml_read_file(&tree, path, &root, err);
	if (!good)
		err_set_(err, ERR_INVALID, "%s", arena_strdup(&tree, err->msg));
	else if (root->kind != YAML_MAPPING)
		good = fail_at(&reader, root->line, "is no kubeconfig");
	else
		good = read_context(&reader, root, context, &endpoint);
	arena_release(&tree);
	if (good)
		*ret_endpoint = endpoint;
	return good;
}

/* ---- pod ---- */

static bool
pod_file(struct arena *arena, const char *directory, const char *name, const char **ret_path, struct err *err)
{
	*ret_path = arena_printf(arena, "%s/%s", directory, name);
	if (access(*ret_path, R_OK) == 0)
		return true;
	return err_set(err, ERR_INVALID,
		       "in_cluster: cannot read %s: %s: the pod needs a service account "
		       "(automountServiceAccountToken: true); outside a pod, name a kubeconfig",
		       *ret_path, strerror(errno));
}

/* Its absence is no mistake: then the configuration or "default" says it. */
static const char *
pod_namespace(struct arena *arena, const char *directory)
{
	int fd = open(arena_printf(arena, "%s/namespace", directory), O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t size_bytes;

	if (fd < 0)
		return NULL;
	size_bytes = read(fd, text, sizeof(text) - 1);
	close(fd);
	while (size_bytes > 0 && strchr(" \r\n", text[size_bytes - 1]) != NULL)
		size_bytes--;
	return size_bytes <= 0 ? NULL : arena_strndup(arena, text, (size_t)size_bytes);
}

bool
kubeconfig_in_pod(struct arena *arena, const char *directory, struct endpoint *ret_endpoint, struct err *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
	struct endpoint endpoint = { 0 };
	bool is_ipv6;

	if (host == NULL || host[0] == '\0' || port == NULL || port[0] == '\0')
		return err_set(err, ERR_INVALID,
			       "in_cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is "
			       "no pod; name a kubeconfig");
	is_ipv6 = strchr(host, ':') != NULL;
	endpoint.server = arena_printf(arena, is_ipv6 ? "https://[%s]:%s" : "https://%s:%s", host, port);
	if (!is_server_url(endpoint.server))
		return err_set(err, ERR_INVALID, "in_cluster: KUBERNETES_SERVICE_HOST and _PORT do not make a URL: %s",
			       endpoint.server);
	endpoint.namespace = pod_namespace(arena, directory);
	if (!pod_file(arena, directory, "ca.crt", &endpoint.ca.file, err) ||
	    !pod_file(arena, directory, "token", &endpoint.token_file, err))
		return false;
	*ret_endpoint = endpoint;
	return true;
}
