/*
 * bin/ctl_report.h - sparkgate-ctl report: what psql would show of schema report, without SQL.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BIN_CTL_REPORT_H
#define BIN_CTL_REPORT_H

#include "config/config.h"
#include "store/report_store.h"

struct ctl_report {
	const char *name;               /* NULL: the list of reports */
	struct store_report_range range;
	enum store_report_format format;
};

/* "table", "csv", "json" */
bool ctl_report_format_parse(const char *text, enum store_report_format *ret_format);

/* Prints it on standard output. */
MUST_CHECK bool ctl_report_print(const struct config *config, const struct ctl_report *report, struct err *err);

#endif
