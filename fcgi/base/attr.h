/*
 * base/attr.h - the compiler attributes that the house style uses.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define AUTO(release) __attribute__((cleanup(release)))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
