/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/front.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kube/kube_priv.h"

/* Where Debian, and what follows it, keeps the authorities of the system; for servers without one of their own. */
#define SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

/*
 * What every API server's certificate is for, beside its addresses: pods look for it there. nginx compares names only, never
 * the addresses in a certificate (OpenSSL's X509_check_host).
 */
#define SERVICE_NAME "kubernetes.default.svc"

/* nginx reads these inside a quoted word. */
static bool
is_quotable(const char *text)
{
	return strpbrk(text, "\"\\$;{}\r\n") == NULL;
}

static bool
write_all(int fd, const char *bytes, size_t size_bytes)
{
	while (size_bytes > 0) {
		ssize_t written = write(fd, bytes, size_bytes);

		if (written < 0)
			return false;
		bytes += written;
		size_bytes -= (size_t)written;
	}
	return true;
}

static bool
write_file(const char *path, const struct pem *pem, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool written = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, pem->bytes, pem->size_bytes);

	if (fd >= 0)
		written = close(fd) == 0 && written;
	return written || err_set(err, ERR_INTERNAL, "%s cannot be written: %s", path, strerror(errno));
}

/* "directive FILE;", unless there is no such certificate or key. */
static bool
add_pem(struct kube *kube, const struct pem *pem, const char *directive, const char *path, struct buf *conf, struct err *err)
{
	if (pem->bytes == NULL && pem->file == NULL)
		return true;
	if (pem->bytes != NULL && !write_file(path, pem, err))
		return false;
	if (pem->bytes == NULL)
		path = pem->file;
	if (!is_quotable(path))
		return err_set(err, ERR_INVALID, "the path %s has characters that nginx's configuration cannot hold", path);
	buf_text(conf, arena_printf(&kube->arena, "\t%s \"%s\";\n", directive, path));
	return true;
}

/* "https://10.0.0.1:6443/x", "https://[::1]" */
static bool
is_at_address(const char *server)
{
	const char *host = strstr(server, "://") + strlen("://");

	return host[0] == '[' || host[strspn(host, "0123456789.")] == ':' || host[strspn(host, "0123456789.")] == '/' ||
	       host[strspn(host, "0123456789.")] == '\0';
}

static bool
add_tls(struct kube *kube, const char *cluster, const char *directory, struct buf *conf, struct err *err)
{
	const struct endpoint *endpoint = &kube->endpoint;
	struct arena *arena = &kube->arena;
	struct pem ca = endpoint->ca;

	if (ca.bytes == NULL && ca.file == NULL)
		ca.file = SYSTEM_AUTHORITIES;
	buf_text(conf, "\tproxy_ssl_protocols TLSv1.2 TLSv1.3;\n\tproxy_ssl_server_name on;\n");
	buf_printf(conf, "\tproxy_ssl_verify %s;\n\tproxy_ssl_verify_depth 5;\n", endpoint->insecure ? "off" : "on");
	if (endpoint->tls_server_name != NULL || is_at_address(endpoint->server))
		buf_printf(conf, "\tproxy_ssl_name \"%s\";\n",
			   endpoint->tls_server_name != NULL ? endpoint->tls_server_name : SERVICE_NAME);
	return (endpoint->insecure || add_pem(kube, &ca, "proxy_ssl_trusted_certificate",
					      arena_printf(arena, "%s/%s-ca.crt", directory, cluster), conf, err)) &&
	       add_pem(kube, &endpoint->certificate, "proxy_ssl_certificate",
		       arena_printf(arena, "%s/%s.crt", directory, cluster), conf, err) &&
	       add_pem(kube, &endpoint->key, "proxy_ssl_certificate_key",
		       arena_printf(arena, "%s/%s.key", directory, cluster), conf, err);
}

bool
kube_front_write(struct kube *kube, const char *cluster, const char *directory, struct buf *conf, struct err *err)
{
	const struct endpoint *endpoint = &kube->endpoint;
	bool is_tls = strncmp(endpoint->server, "https://", strlen("https://")) == 0;

	if (endpoint->proxy_url != NULL || endpoint->username != NULL || endpoint->impersonation_count > 0)
		return err_set(err, ERR_INVALID, "nginx cannot reach an API server by proxy-url, with a username, or as somebody "
			       "else (as): use a token or a client certificate");
	if (strstr(endpoint->server, "://") == NULL || !is_quotable(endpoint->server) || !is_quotable(directory) ||
	    (endpoint->tls_server_name != NULL && !is_quotable(endpoint->tls_server_name)))
		return err_set(err, ERR_INVALID, "a name has characters that nginx's configuration cannot hold");
	buf_printf(conf, "location /k8s-api/%s/ {\n\tinternal;\n\tinclude k8s_carried.conf;\n", cluster);
	if (is_tls && !add_tls(kube, cluster, directory, conf, err))
		return false;
	buf_printf(conf, "\tproxy_pass \"%s/\";\n}\n", endpoint->server);
	return !conf->overflowed || err_set(err, ERR_INTERNAL, "the configuration of nginx is too large");
}
