# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# count.sh - runs test programs of three kinds and counts what passed, failed and was skipped.
#
# Expects RESULTS_DIR, PYTHON, EXPRESSION.

declare -A COUNT_LINES=()
COUNT_NAMES=()
COUNT_FAILURES=()
COUNT_PASSED=0
COUNT_FAILED=0
COUNT_SKIPPED=0

# count_add NAME PASSED FAILED SKIPPED
count_add() {
	[[ -n ${COUNT_LINES[$1]:-} ]] || COUNT_NAMES+=("$1")
	COUNT_LINES[$1]="$2 passed, $3 failed, $4 skipped"
	COUNT_PASSED=$((COUNT_PASSED + $2))
	COUNT_FAILED=$((COUNT_FAILED + $3))
	COUNT_SKIPPED=$((COUNT_SKIPPED + $4))
}

# count_failures NAME: lines of stdin that say what failed there
count_failures() {
	local line
	while read -r line; do
		COUNT_FAILURES+=("$1: ${line:0:300}")
	done
}

# count_status NAME STATUS PASSED FAILED SKIPPED: a program that fails without a failed test is a failure, too.
count_status() {
	local failed=$4
	if (($2 != 0 && failed == 0)); then
		say_note "$1 ended with status $2"
		failed=1
	fi
	count_add "$1" "$3" "$failed" "$5"
}

# count_report ELAPSED: what failed, again, below all that was printed about it; the last line of it is the sum. Returns
# whether all is well.
count_report() {
	local name
	((${#COUNT_FAILURES[@]} == 0)) || printf 'FAILED %s\n' "${COUNT_FAILURES[@]}"
	for name in "${COUNT_NAMES[@]}"; do
		printf '%-20s %s\n' "$name" "${COUNT_LINES[$name]}"
	done
	say "in $1"
	printf '%d passed, %d failed, %d skipped\n' "$COUNT_PASSED" "$COUNT_FAILED" "$COUNT_SKIPPED"
	((COUNT_FAILED == 0 && COUNT_PASSED > 0))
}

# grep counts, and an answer of 0 is no failure.
count_lines() { grep -cE "$1" "$2" || true; }

# run_child COMMAND...: in the background and waited for, so that a signal to this script acts at once.
CHILD=
run_child() {
	local status=0
	"$@" &
	CHILD=$!
	wait "$CHILD" || status=$?
	CHILD=
	return $status
}

# run_tap NAME COMMAND...
run_tap() {
	local name=$1 out=$RESULTS_DIR/$1.tap status=0 skipped failed passed
	shift
	run_child "$@" 2>"$out.err" >"$out" || status=$?
	grep -E '^not ok|^#|^Bail' "$out" || true
	((status == 0)) || tail -n 20 "$out.err"
	# A whole file may be skipped by its plan.
	skipped=$(($(count_lines '^ok.*# SKIP' "$out") + $(count_lines '^1\.\.0' "$out")))
	failed=$(count_lines '^not ok' "$out")
	passed=$(($(count_lines '^ok' "$out") - $(count_lines '^ok.*# SKIP' "$out")))
	count_failures "$name" < <(grep -E '^not ok' "$out")
	count_status "$name" "$status" "$passed" "$failed" "$skipped"
	say_note "${COUNT_LINES[$name]}"
}

# run_automake NAME COMMAND...: make check, whose TAP driver sums up in "# PASS:  N" lines.
run_automake() {
	local name=$1 out=$RESULTS_DIR/$1.log status=0 failed
	shift
	run_child "$@" >"$out" 2>&1 || status=$?
	grep -aE '^(FAIL|ERROR|XPASS):' "$out" || true
	((status == 0)) || tail -n 40 "$out"
	failed=$(($(automake_sum FAIL "$out") + $(automake_sum ERROR "$out") + $(automake_sum XPASS "$out")))
	count_failures "$name" < <(grep -aE '^(FAIL|ERROR|XPASS):' "$out")
	count_status "$name" "$status" "$(automake_sum PASS "$out")" "$failed" "$(automake_sum SKIP "$out")"
	say_note "${COUNT_LINES[$name]}"
}

automake_sum() { awk -v word="$1:" '$1 == "#" && $2 == word { sum = $3 } END { print sum + 0 }' "$2"; }

# run_pytest NAME DIRECTORY
run_pytest() {
	local status=0
	run_child pytest_run "$@" || status=$?
	pytest_count "$1" "$status"
}

# pytest_run NAME DIRECTORY: in the background only, for it becomes pytest, which then gets this process's signals.
pytest_run() {
	local words=()
	[[ -z $EXPRESSION ]] || words=(-k "$EXPRESSION")
	exec "$PYTHON" -m pytest -q -rs --tb=short --timeout=3600 -o "cache_dir=$RESULTS_DIR/$1.cache" \
		-o console_output_style=count --junitxml="$RESULTS_DIR/$1.xml" "${words[@]}" "$2"
}

# pytest_count NAME STATUS
pytest_count() {
	local name=$1 status=$2 counts
	# 5: -k matched nothing here
	((status != 5)) || status=0
	if counts=$(pytest_counts "$RESULTS_DIR/$name.xml"); then
		count_failures "$name" < <(pytest_failures "$RESULTS_DIR/$name.xml")
	else
		counts="0 0 0"
	fi
	# shellcheck disable=SC2086 # three numbers
	count_status "$name" "$status" $counts
}

pytest_failures() {
	"$PYTHON" - "$1" <<-'END'
	import sys
	from xml.etree import ElementTree
	for case in ElementTree.parse(sys.argv[1]).iter("testcase"):
	    for child in case:
	        if child.tag in ("failure", "error"):
	            print(f"{case.get('classname')}::{case.get('name')}:", " ".join(child.get("message", "").split()))
	END
}

pytest_counts() {
	"$PYTHON" - "$1" <<-'END'
	import sys
	from xml.etree import ElementTree
	passed = failed = skipped = 0
	for case in ElementTree.parse(sys.argv[1]).iter("testcase"):
	    kinds = {child.tag for child in case}
	    if kinds & {"failure", "error"}:
	        failed += 1
	    elif "skipped" in kinds:
	        skipped += 1
	    else:
	        passed += 1
	print(passed, failed, skipped)
	END
}
