#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/check.sh BUILD_DIR [CHECK...] - what needs no server: linters, and make distcheck. TAP, one line a check.
# BUILD_DIR is a configured and built tree, for the generated headers.

set -uo pipefail

CLONE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CHECKS=(cppcheck clang_tidy shellcheck distcheck)
# Few and telling: what people would have to argue about is left out, and leaks, as cleanup attributes are not seen.
TIDY_CHECKS='-*,bugprone-*,clang-analyzer-core.*,clang-analyzer-unix.*,misc-redundant-expression'
TIDY_CHECKS+=',readability-misleading-indentation'
TIDY_CHECKS+=',-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-assignment-in-if-condition'
TIDY_CHECKS+=',-bugprone-narrowing-conversions,-bugprone-multi-level-implicit-pointer-conversion'
TIDY_CHECKS+=',-bugprone-sizeof-expression,-bugprone-signal-handler,-bugprone-branch-clone,-bugprone-macro-parentheses'
TIDY_CHECKS+=',-bugprone-implicit-widening-of-multiplication-result,-clang-analyzer-unix.Malloc'

usage() {
	echo "usage: tests/check.sh BUILD_DIR [CHECK...]; checks: ${CHECKS[*]}" >&2
	exit 2
}

includes() {
	printf '%s\n' "-I$CLONE_DIR/fcgi" "-I$BUILD_DIR/generated"
	pkg-config --cflags libcurl json-c libpq yaml-0.1 | xargs -n 1
}

# varFuncNullUB: POSIX has NULL as a pointer. Leaks are the sanitizers' part: cppcheck does not know cleanup attributes.
check_cppcheck() {
	local flags
	mapfile -t flags < <(includes | grep -- "^-I$CLONE_DIR\|^-I$BUILD_DIR")
	cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=varFuncNullUB \
		--suppress=memleak --suppress=resourceLeak -j 2 \
		-D__x86_64__ -DSPARKGATE_FAILPOINTS -DPACKAGE_VERSION='"0"' -DSYSCONFDIR='"/etc"' "${flags[@]}" "$CLONE_DIR/fcgi"
}

check_clang_tidy() {
	export TIDY_CHECKS TIDY_FLAGS
	TIDY_FLAGS="-std=gnu17 -D_GNU_SOURCE -DSPARKGATE_FAILPOINTS -DPACKAGE_VERSION=\"0\" -DSYSCONFDIR=\"/etc\" $(includes | xargs)"
	find "$CLONE_DIR/fcgi" -name '*.c' -print0 | sort -z | xargs -0 -P 2 -n 8 sh -c \
		'clang-tidy --quiet --checks="$TIDY_CHECKS" --warnings-as-errors="*" "$@" -- $TIDY_FLAGS' sh
}

# By their first line, because scripts that people type have no suffix.
shell_files() {
	cd "$CLONE_DIR" || return 1
	{ git -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null ||
		find . -type f -not -path './.*/*' -print0; } |
		while IFS= read -r -d '' file; do
			[[ -f $file ]] || continue
			case $file in
			*.sh) printf '%s\0' "$file" ;;
			*) head -c 64 "$file" 2>/dev/null | head -n 1 | grep -qaE '^#!.*/(ba|da)?sh' && printf '%s\0' "$file" ;;
			esac
		done
	return 0
}

# SC2016: programs of awk and of inner shells have dollars of their own.
check_shellcheck() { shell_files | (cd "$CLONE_DIR" && xargs -0 shellcheck --exclude=SC2016); }

check_distcheck() { make -C "$BUILD_DIR" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror; }

run_check() {
	local number=$1 name=$2 log
	log=$BUILD_DIR/check-$name.log
	if "check_$name" >"$log" 2>&1 </dev/null; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name ($log)"
		tail -n 40 "$log" | sed 's/^/# /'
		FAILED=yes
	fi
}

[[ $# -ge 1 && -e $1/Makefile ]] || usage
BUILD_DIR=$(cd "$1" && pwd)
shift
[[ $# -eq 0 ]] || CHECKS=("$@")
FAILED=
number=0
echo "1..${#CHECKS[@]}"
for check in "${CHECKS[@]}"; do
	declare -F "check_$check" >/dev/null || usage
	run_check $((++number)) "$check"
done
[[ -z $FAILED ]]
