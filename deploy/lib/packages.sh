# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# packages.sh - Debian packages: finds what is missing, installs only that, and lets no service of theirs start.

# "package probe": the package is missing when its probe fails. What the machine has from elsewhere counts.
PACKAGES_GATEWAY="
autoconf             command:autoconf
automake             command:automake
gcc                  command:gcc
libc6-dev            file:/usr/include/stdlib.h
libcurl4-openssl-dev module:libcurl
libfcgi-dev          version:2.4.2-2+deb12u1
libjson-c-dev        module:json-c
libpq-dev            module:libpq
libyaml-dev          module:yaml-0.1
zlib1g-dev           module:zlib
make                 command:make
multiwatch           command:multiwatch
nginx                command:nginx
pkg-config           command:pkg-config
postgresql           file:/usr/lib/postgresql/*/bin/initdb
spawn-fcgi           command:spawn-fcgi
curl                 command:curl
jq                   command:jq
iproute2             command:ip
procps               command:ps
"
PACKAGES_CLUSTER="
ca-certificates           file:/etc/ssl/certs/ca-certificates.crt
containernetworking-plugins file:/usr/lib/cni/bridge
iptables                  command:iptables
mmdebstrap                command:mmdebstrap
openssl                   command:openssl
python3                   file:/usr/bin/python3
python3-venv              file:/usr/lib/python3*/ensurepip/__init__.py
runc                      command:runc
"
PACKAGES_KUBEFLOW="
openjdk-17-jre-headless|openjdk-21-jre-headless command:java
xz-utils                  command:xz
"
PACKAGES_OWN_CLUSTER="
kubernetes-client         command:kubectl
"

package_probe() {
	local kind=${2%%:*} what=${2#*:}
	case $kind in
	command) command -v "$what" >/dev/null || [[ -x /usr/sbin/$what ]] || [[ -x /sbin/$what ]] ;;
	file) compgen -G "$what" >/dev/null ;;
	module) pkg-config --exists "$what" 2>/dev/null ;;
	version) package_at_least "$1" "$what" ;;
	esac
}

package_at_least() {
	local have
	# shellcheck disable=SC2016 # dpkg-query's own variables
	have=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null) || return 1
	[[ $have == installed\ * ]] && dpkg --compare-versions "${have#* }" ge "$2"
}

# packages_missing TABLE: prints the names.
packages_missing() {
	local name probe
	while read -r name probe; do
		[[ -z $name ]] || package_probe "$name" "$probe" || printf '%s\n' "$name"
	done <<<"$1"
}

# packages_up local|own
packages_up() {
	local missing log=$LOG_DIR/packages.log table=$PACKAGES_GATEWAY
	[[ -e /etc/debian_version ]] ||
		die "this machine is not a Debian" "" "install by hand what deploy/lib/packages.sh lists, or use a Debian 12"
	if [[ $1 == local ]]; then
		table+=$PACKAGES_CLUSTER
		[[ $OPERATOR_KIND != kubeflow ]] || table+=$PACKAGES_KUBEFLOW
	else
		table+=$PACKAGES_OWN_CLUSTER
	fi
	mapfile -t missing < <(packages_missing "$table")
	if ((${#missing[@]} == 0)); then
		say_done "nothing is missing"
		return
	fi
	say_note "installing: ${missing[*]}"
	((EUID == 0)) || run_as_root true
	run_long "apt-get install" "$log" packages_install "${missing[@]}" ||
		die "apt-get failed" "$log" "see the log; is the network up, and does no other apt-get run?"
	say_done
}

packages_install() { run_as_root env DEBIAN_FRONTEND=noninteractive bash "$DEPLOY_DIR/lib/packages-install" "$@"; }
