/*
 * base/yaml_json.h - a YAML tree as JSON, by YAML 1.2's core rules: what is not quoted may be a number, a boolean, null.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_YAML_JSON_H
#define BASE_YAML_JSON_H

#include <json-c/json.h>

#include "base/yaml.h"

/* The caller's to put; NULL for null. */
struct json_object *yaml_to_json(const struct yaml *value);

#endif
