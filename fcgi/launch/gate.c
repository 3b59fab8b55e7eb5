/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/gate.h"

#include <string.h>

#include "base/json.h"
#include "spark/pod_json.h"

static bool
is_ours(struct json_object *gate)
{
	const char *name = json_string(gate, "name");

	return name != NULL && strcmp(name, LAUNCH_GATE) == 0;
}

bool
launch_is_of_submission(struct json_object *pod, const char *submission_id)
{
	const char *id = json_string_at(pod, "metadata", "labels", POD_LABEL_SUBMISSION, NULL);

	return id != NULL && submission_id != NULL && strcmp(id, submission_id) == 0;
}

bool
launch_is_gated(struct json_object *pod)
{
	struct json_object *gates = json_at(pod, "spec", "schedulingGates", NULL);

	for (size_t i = 0; i < json_count(gates); i++) {
		if (is_ours(json_object_array_get_idx(gates, i)))
			return true;
	}
	return false;
}

void
launch_close_gate(struct json_object *pod)
{
	struct json_object *gate;

	if (launch_is_gated(pod))
		return;
	gate = json_object_new_object();
	json_add_string(gate, "name", LAUNCH_GATE);
	spark_append(spark_child_object(pod, "spec"), "schedulingGates", gate);
}

struct json_object *
launch_other_gates(struct json_object *pod)
{
	struct json_object *gates = json_at(pod, "spec", "schedulingGates", NULL), *others = NULL;

	for (size_t i = 0; i < json_count(gates); i++) {
		struct json_object *gate = json_object_array_get_idx(gates, i);

		if (is_ours(gate))
			continue;
		if (others == NULL)
			others = json_object_new_array();
		json_object_array_add(others, json_object_get(gate));
	}
	return others;
}
