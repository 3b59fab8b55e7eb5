/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kube_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

static void
free_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static const char *
take_part(struct arena *arena, CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;
	const char *copy;

	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		return NULL;
	copy = arena_strdup(arena, text);
	curl_free(text);
	return copy;
}

/*
 * TLS and the URL name the same host in libcurl. Where the certificate has another name, that name stands in the URL,
 * and the connection and the Host header are led back to the true one.
 */
static bool
rename_host(struct kube *kube, struct err *err)
{
	AUTO(free_url) CURLU *url = curl_url();
	const char *name = kube->endpoint.tls_server_name;
	const char *host, *port, *renamed;
	char *base_url = NULL;

	if (url == NULL || curl_url_set(url, CURLUPART_URL, kube->endpoint.server, 0) != CURLUE_OK)
		return err_set(err, ERR_INVALID, "the server's URL cannot be read");
	host = take_part(&kube->arena, url, CURLUPART_HOST, 0);
	port = take_part(&kube->arena, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	kube->is_loopback = host != NULL && (strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
					     strcmp(host, "[::1]") == 0);
	kube->base_url = kube->endpoint.server;
	if (name == NULL)
		return true;
	renamed = strchr(name, ':') == NULL ? name : arena_printf(&kube->arena, "[%s]", name);
	if (host == NULL || port == NULL || curl_url_set(url, CURLUPART_HOST, renamed, 0) != CURLUE_OK)
		return err_set(err, ERR_INVALID, "tls-server-name: \"%s\" is no host name", name);
	kube->connect_to = arena_printf(&kube->arena, "%s:%s:%s:%s", renamed, port, host, port);
	kube->host_header = arena_printf(&kube->arena, "Host: %s:%s", host, port);
	base_url = (char *)take_part(&kube->arena, url, CURLUPART_URL, 0);
	/* The URL of a bare host comes back with a slash. */
	while (base_url[0] != '\0' && base_url[strlen(base_url) - 1] == '/')
		base_url[strlen(base_url) - 1] = '\0';
	kube->base_url = base_url;
	return true;
}

static bool
read_endpoint(struct kube *kube, const struct config_cluster *cluster, struct err *err)
{
	bool good;

	if (cluster->in_cluster)
		good = kubeconfig_in_pod(&kube->arena, KUBECONFIG_POD_DIRECTORY, &kube->endpoint, err);
	else if (cluster->kubeconfig != NULL)
		good = kubeconfig_read(&kube->arena, cluster->kubeconfig, cluster->context, &kube->endpoint, err);
	else
		good = err_set(err, ERR_INVALID, "clusters.%s: needs kubeconfig or in_cluster", cluster->name);
	if (!good || !rename_host(kube, err) || !credentials_init(&kube->credentials, &kube->endpoint, err))
		return false;
	kube->namespace = arena_strdup(&kube->arena, cluster->namespace);
	if (kube->namespace == NULL)
		kube->namespace = kube->endpoint.namespace;
	if (kube->namespace == NULL)
		kube->namespace = "default";
	return true;
}

bool
kube_new(const struct config *config, const struct config_cluster *cluster, struct kube **ret_kube, struct err *err)
{
	struct kube *kube = calloc(1, sizeof(*kube));

	if (kube == NULL)
		return err_set(err, ERR_INTERNAL, "no memory for a cluster");
	arena_init(&kube->arena, LIMIT_ARENA_BYTES);
	kube->connect_timeout_ms = config->kube_connect_timeout_ms;
	kube->request_timeout_ms = config->kube_request_timeout_ms;
	kube->watch_timeout_s = config->kube_watch_timeout_s;
	/* Counted by libcurl: one for each kube. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(kube);
		return err_set(err, ERR_INTERNAL, "libcurl cannot start");
	}
	kube->easy = curl_easy_init();
	if (kube->easy == NULL)
		err_set_(err, ERR_INTERNAL, "no memory for a cluster");
	if (kube->easy == NULL || !read_endpoint(kube, cluster, err)) {
		kube_free(kube);
		return false;
	}
	*ret_kube = kube;
	return true;
}

void
kube_free(struct kube *kube)
{
	if (kube == NULL)
		return;
	curl_easy_cleanup(kube->easy);
	credentials_release(&kube->credentials);
	arena_release(&kube->arena);
	free(kube);
	curl_global_cleanup();
}

const char *
kube_namespace(const struct kube *kube)
{
	return kube->namespace;
}

const char *
kube_authorization(struct kube *kube, struct arena *arena)
{
	const char *token = credentials_token(&kube->credentials);

	return token == NULL ? NULL : arena_printf(arena, "Bearer %s", token);
}
