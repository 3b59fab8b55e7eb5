# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# build.sh - builds and installs the gateway, out of a copy of the sources: the clone stays as it was.

build_settings() {
	BUILD_SOURCE_DIR=$BUILD_DIR/source
	WORKER_PROGRAM=$(build_program sparkgate-worker)
	WATCHER_PROGRAM=$(build_program sparkgate-watcher)
	OPERATOR_PROGRAM=$(build_program sparkgate-operator)
	CTL_PROGRAM=$(build_program sparkgate-ctl)
}

build_program() {
	local dir
	for dir in sbin bin; do
		[[ ! -x $PREFIX_DIR/$dir/$1 ]] || { printf '%s' "$PREFIX_DIR/$dir/$1"; return; }
	done
	printf '%s' "$PREFIX_DIR/bin/$1"
}

# Prints the source files, by git where it can tell them from products of a build in the clone.
build_sources() {
	cd "$CLONE_DIR" || return 1
	# safe.directory: with sudo the clone belongs to somebody else, which git otherwise refuses.
	git -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null ||
		find . -type f -not -path './.git/*' -not -path './.sparkgate/*' -print0
}

# What the programs are made of; tests, documents and deploy scripts do not matter to a build.
build_stamp() {
	build_sources | grep -zvE '^(\./)?(tests|docs|deploy|\.ci)/|\.md$' | sort -z |
		(cd "$CLONE_DIR" && xargs -0 sha256sum 2>/dev/null; echo "$PREFIX_DIR") | sha256sum | cut -c1-16
}

build_current() {
	[[ -x $WORKER_PROGRAM && -x $WATCHER_PROGRAM && -x $CTL_PROGRAM ]] &&
		[[ $(cat "$BUILD_DIR/stamp" 2>/dev/null) == "$(build_stamp)" ]]
}

# Time stamps are kept by the copy, so make builds again only what changed.
build_copy_sources() {
	mkdir -p "$BUILD_SOURCE_DIR"
	build_sources | (cd "$CLONE_DIR" && while IFS= read -r -d '' file; do
		[[ ! -e $file ]] || printf '%s\0' "$file"
	done | tar --null --files-from=- -cf -) | tar -C "$BUILD_SOURCE_DIR" -xf -
}

build_configured() {
	[[ -x $BUILD_SOURCE_DIR/configure && -e $BUILD_DIR/Makefile ]] &&
		[[ $(cat "$BUILD_DIR/configure.stamp" 2>/dev/null) == "$(build_configure_stamp)" ]]
}

build_configure_stamp() {
	(cd "$CLONE_DIR" && cat autogen.sh configure.ac Makefile.am; echo "$PREFIX_DIR") | sha256sum | cut -c1-16
}

build_command() {
	build_copy_sources || return 1
	cd "$BUILD_DIR" || return 1
	if ! build_configured; then
		(cd "$BUILD_SOURCE_DIR" && ./autogen.sh) || return 1
		"$BUILD_SOURCE_DIR/configure" --prefix="$PREFIX_DIR" || return 1
		build_configure_stamp >configure.stamp
	fi
	make -j"$(nproc)" && make install
}

build_up() {
	local log=$LOG_DIR/build-gateway.log stamp
	if build_current; then
		say_done "no source has changed"
		return
	fi
	[[ -e $CLONE_DIR/configure.ac ]] || die "$CLONE_DIR has no configure.ac" "" "is this a whole clone?"
	mkdir -p "$BUILD_DIR"
	# Taken before the build: a file that changes under it is seen the next time.
	stamp=$(build_stamp)
	run_long "make" "$log" build_command || die "the gateway did not build" "$log" "see the whole log"
	echo "$stamp" >"$BUILD_DIR/stamp"
	build_settings
	say_done
}
