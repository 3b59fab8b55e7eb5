/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/retry.h"

#include <string.h>

#include "operator/status.h"

/* The Kubeflow operator's webhook sets it where an application has none. */
#define INTERVAL_S 5

static struct json_object *
policy_of(struct json_object *application)
{
	return json_at(application, "spec", "restartPolicy", NULL);
}

bool
retry_is_wanted(struct json_object *application, enum retry_of of)
{
	struct json_object *policy = policy_of(application);
	const char *type = json_string(policy, "type");

	if (type == NULL)
		return false;
	if (strcmp(type, "Always") == 0)
		return true;
	if (strcmp(type, "OnFailure") != 0 || of == RETRY_OF_SUCCESS)
		return false;
	/* N retries are N + 1 attempts; unset is none */
	if (of == RETRY_OF_FAILURE)
		return status_execution_attempts(application) <= json_int(policy, "onFailureRetries", -1);
	return status_submission_attempts(application) <= json_int(policy, "onSubmissionFailureRetries", -1);
}

int64_t
retry_due_s(struct json_object *application, enum retry_of of)
{
	const char *key = of == RETRY_OF_SUBMISSION ? "onSubmissionFailureRetryInterval" : "onFailureRetryInterval";
	int64_t submitted_s = status_time(application, "lastSubmissionAttemptTime");

	/* after a success at once: Always is for jobs that follow one another */
	if (submitted_s < 0 || of == RETRY_OF_SUCCESS)
		return 0;
	return submitted_s + json_int(policy_of(application), key, INTERVAL_S) * status_submission_attempts(application);
}
