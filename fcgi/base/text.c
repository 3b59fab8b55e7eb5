/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

bool
text_is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

bool
text_is_one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text_is(text, words[i]))
			return true;
	}
	return false;
}
