/* SPDX-License-Identifier: Apache-2.0 */
#include "bin/ctl_report.h"

#include <string.h>

bool
ctl_report_format_parse(const char *text, enum store_report_format *ret_format)
{
	static const char *const words[STORE_REPORT_FORMAT_COUNT] = {
		[STORE_REPORT_TABLE] = "table",
		[STORE_REPORT_CSV] = "csv",
		[STORE_REPORT_JSON] = "json",
	};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (strcmp(words[i], text) == 0) {
			*ret_format = (enum store_report_format)i;
			return true;
		}
	}
	return false;
}

bool
ctl_report_print(const struct config *config, const struct ctl_report *report, struct err *err)
{
	struct store *store = store_new(config, "sparkgate-ctl");
	bool printed = report->name == NULL ? store_report_list(store, report->format, stdout, err)
					    : store_report(store, report->name, &report->range, report->format, stdout, err);

	store_free(store);
	return printed;
}
