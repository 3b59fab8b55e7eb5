/*
 * spark/properties_read.h - Java's text form of properties, read by all of its rules.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: java.util.Properties, load(Reader): lines end with \n, \r or \r\n; a backslash at the end of one joins it with
 * the next, whose leading blanks go; # and ! begin comments; key and value are parted by the first unescaped '=', ':' or
 * blank; \t \n \r \f and \uXXXX stand for characters, and before any other a backslash means nothing.
 */
#ifndef SPARK_PROPERTIES_READ_H
#define SPARK_PROPERTIES_READ_H

#include "spark/conf.h"

/*
 * Adds what the text says to `conf`; of a key that comes twice the last value counts.
 * err  ERR_INVALID: \u without four hexadecimal digits, half a surrogate pair, a NUL, which nothing here can hold, or thousands of properties
 */
MUST_CHECK bool spark_properties_read(const char *text, struct spark_conf *conf, struct err *err);

#endif
