# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# definition.sh - the definition of SparkApplications, for a cluster that has none. Functions take a kubectl command.

CRD_NAME=sparkapplications.sparkoperator.k8s.io
CRD_FILE=deploy/kubernetes/sparkapplication-crd.yaml

# definition_up KUBECTL...: creates it, or brings one of ours up to date; an operator's own is better and stays.
definition_up() {
	local found
	found=$("$@" get crd "$CRD_NAME" --ignore-not-found --request-timeout=15s \
		-o jsonpath='{.metadata.name} {.metadata.labels.app\.kubernetes\.io/part-of}') || return 1
	[[ -z $found || $found == "$CRD_NAME sparkgate" ]] || return 0
	"$@" apply --server-side --force-conflicts -f "$CLONE_DIR/$CRD_FILE" && definition_wait "$@"
}

# Not "kubectl wait", which fails on an object that has no conditions yet.
definition_wait() { wait_until "$PATIENCE_S" "the SparkApplication definition" definition_served "$@"; }

# definition_served KUBECTL...: also whoever may not read definitions may ask this.
definition_served() {
	"$@" get --raw /apis/sparkoperator.k8s.io/v1beta2 --request-timeout=15s | grep -c '"sparkapplications"'
}
