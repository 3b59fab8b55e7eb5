/*
 * config/succeed.c - one configuration after another, in a running process.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/config_priv.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

static bool
is_text(const struct config_key *key)
{
	return key->kind == KEY_TEXT || key->kind == KEY_PATH;
}

/* Of what is no text, and no mapping or list: none of those needs a restart. */
static size_t
size_of(const struct config_key *key)
{
	assert(!config_is_of_file(key));
	return key->kind == KEY_FLAG ? sizeof(bool) : sizeof(int);
}

static bool
is_same(const struct config_key *key, const void *left, const void *right)
{
	const char *left_text, *right_text;

	if (!is_text(key))
		return memcmp(left, right, size_of(key)) == 0;
	left_text = *(const char *const *)left;
	right_text = *(const char *const *)right;
	return left_text == NULL || right_text == NULL ? left_text == right_text : strcmp(left_text, right_text) == 0;
}

static void
keep(struct arena *arena, const struct config_key *key, void *next, const void *old)
{
	if (is_text(key))
		*(const char **)next = arena_strdup(arena, *(const char *const *)old);
	else
		memcpy(next, old, size_of(key));
}

void
config_keep_fixed(struct config *next, const struct config *old, config_kept_fn on_kept, void *context)
{
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];
		const char *old_member = (const char *)old + key->offset;
		char *member = (char *)next + key->offset;

		if (!key->needs_restart || is_same(key, member, old_member))
			continue;
		keep(&next->arena, key, member, old_member);
		on_kept(context, key->name);
	}
}

struct config_stamp
config_stamp_of(const char *path)
{
	struct stat file;

	if (stat(path, &file) != 0)
		return (struct config_stamp){ 0 };
	return (struct config_stamp){
		.device = file.st_dev,
		.inode = file.st_ino,
		.size_bytes = file.st_size,
		.written_at = file.st_mtim,
	};
}

bool
config_stamp_equal(const struct config_stamp *left, const struct config_stamp *right)
{
	return left->device == right->device && left->inode == right->inode && left->size_bytes == right->size_bytes &&
	       left->written_at.tv_sec == right->written_at.tv_sec && left->written_at.tv_nsec == right->written_at.tv_nsec;
}
