/*
 * kube/front.h - how nginx reaches an API server: its part of nginx's configuration, from the gateway's.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A bearer token is not in it: a worker gives the one in force to nginx with each request (http/response.h), so that one
 * that is replaced in its file is taken up by itself. Certificates are read when nginx starts or reloads.
 */
#ifndef KUBE_FRONT_H
#define KUBE_FRONT_H

#include "kube/kube.h"

/*
 * Adds "location /k8s-api/CLUSTER/ { ... }" to `conf`. What the kubeconfig holds in itself is written to files in
 * `directory`, keys for nobody else to read.
 *
 * directory  absolute: nginx opens the files
 * err        ERR_INVALID: what of the kubeconfig nginx cannot do; ERR_INTERNAL: a file cannot be written
 */
MUST_CHECK bool kube_front_write(struct kube *kube, const char *cluster, const char *directory, struct buf *conf,
				 struct err *err);

#endif
