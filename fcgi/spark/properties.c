/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/properties.h"

#include <string.h>

/* A space separates key and value, so it is escaped anywhere in a key; in a value only a leading one would be lost. */
static bool
write_escaped(struct buf *text, const char *bytes, bool is_key)
{
	static const char control[] = "\t\n\r\f", letters[] = "tnrf";
	bool fits = true;

	for (const char *at = bytes; *at != '\0' && fits; at++) {
		const char *found = strchr(control, *at);

		if (found != NULL)
			fits = buf_append(text, (char[]){ '\\', letters[found - control] }, 2);
		else if (strchr("\\:=#!", *at) != NULL || (*at == ' ' && (is_key || at == bytes)))
			fits = buf_append(text, (char[]){ '\\', *at }, 2);
		else
			fits = buf_append(text, at, 1);
	}
	return fits;
}

bool
spark_properties_write(const struct spark_conf *conf, const char *comment, struct buf *ret_text)
{
	if (!buf_printf(ret_text, "#%s\n", comment))
		return false;
	for (size_t i = 0; i < conf->count; i++) {
		if (!write_escaped(ret_text, conf->items[i].key, true) || !buf_text(ret_text, "=") ||
		    !write_escaped(ret_text, conf->items[i].value, false) || !buf_text(ret_text, "\n"))
			return false;
	}
	return true;
}
