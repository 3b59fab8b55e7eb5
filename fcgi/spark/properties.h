/*
 * spark/properties.h - Java's text form of properties, as spark-submit writes it into the driver's config map.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: java.util.Properties, store(Writer) and load(Reader); contract k8s-facade.md 3.2.
 */
#ifndef SPARK_PROPERTIES_H
#define SPARK_PROPERTIES_H

#include "base/buf.h"
#include "spark/conf.h"

/* "# comment", then a line for each property. False when the buffer's limit is reached. */
MUST_CHECK bool spark_properties_write(const struct spark_conf *conf, const char *comment, struct buf *ret_text);

#endif
