# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# image.sh - the pause image and the Spark image, made of Debian packages and PyPI's pyspark without a registry.
#
# An image is kept as its parts (layers, config.json, manifest.json) and packed only on its way into containerd.
# Those of other Spark versions are made by the same functions, in a folder each.

JAVA_PACKAGES=(openjdk-17-jre-headless openjdk-21-jre-headless)

layer_digest() { printf 'sha256:%s' "$(sha256sum "$1" | cut -d' ' -f1)"; }
image_architecture() { dpkg --print-architecture; }

# image_describe DIR NAME CONFIG_JSON LAYER...: writes config.json and manifest.json of a docker archive.
image_describe() {
	local dir=$1 name=$2 config=$3 layer digests=()
	shift 3
	for layer in "$@"; do
		digests+=("$(layer_digest "$dir/$layer")")
	done
	jq -n --arg arch "$(image_architecture)" --argjson config "$config" \
		'{architecture: $arch, os: "linux", config: $config,
		  rootfs: {type: "layers", diff_ids: $ARGS.positional}}' --args "${digests[@]}" >"$dir/config.json"
	jq -n --arg name "$name" \
		'[{Config: "config.json", RepoTags: [$name], Layers: $ARGS.positional}]' --args "$@" >"$dir/manifest.json"
}

image_id() { sha256sum "$1/config.json" | cut -c1-16; }

# --- Spark's own files -------------------------------------------------------------------------------------------

# Takes the files out of the source archive into the layout that its setup.py describes (a SPARK_HOME). pip would
# do the same by way of a wheel, in five times the time.
spark_home_build_command() {
	local download=$IMAGES_DIR/download new=$SPARK_HOME_DIR.new
	mkdir -p "$download"
	tools_venv || return 1
	"$TOOLS_DIR/venv/bin/pip" download --disable-pip-version-check --no-deps --no-binary pyspark \
		--dest "$download" "pyspark==$SPARK_VERSION" || return 1
	echo "unpacking"
	rm -rf "$new"
	mkdir -p "$new"
	tar -xzf "$download/pyspark-$SPARK_VERSION.tar.gz" -C "$new" --no-same-owner --strip-components=1 \
		--transform 'flags=r;s,^\([^/]*\)/deps/examples/,\1/examples/src/main/python/,' \
		--transform 'flags=r;s,^\([^/]*\)/deps/,\1/,' \
		--transform 'flags=r;s,^\([^/]*\)/lib/,\1/python/lib/,' \
		--transform 'flags=r;s,^\([^/]*\)/pyspark/,\1/python/pyspark/,' || return 1
	# What the Kubernetes back end and pi.py start from; a later Spark may lay its archive out otherwise.
	local file
	for file in bin/spark-submit python/lib/pyspark.zip examples/src/main/python/pi.py; do
		[[ -e $new/$file ]] || { echo "pyspark $SPARK_VERSION has no $file"; return 1; }
	done
	chmod -R a+rX "$new"
	rm -rf "$SPARK_HOME_DIR" "$download"
	mv "$new" "$SPARK_HOME_DIR"
}

spark_home_build() {
	local log=$LOG_DIR/build-spark.log
	[[ ! -x $SPARK_HOME_DIR/bin/spark-submit ]] || return 0
	run_long "fetching Spark $SPARK_VERSION (pyspark, 460 MB, once)" "$log" spark_home_build_command ||
		die "Spark could not be fetched" "$log" "needs PyPI (or a pip configuration that names a mirror); run again"
}

# --- the base layer: a small Debian ------------------------------------------------------------------------------

# The machine's own sources, so that a mirror, a proxy or a snapshot that it uses is used here too.
apt_sources() {
	apt-get indextargets --format "\$(ORIGIN)|\$(REPO_URI)|\$(RELEASE)|\$(COMPONENT)" 'Created-By: Packages' |
		sort -u | awk -F'|' -v keys=/usr/share/keyrings '
			$1 == "Debian" { print "deb [signed-by=" keys "/debian-archive-keyring.gpg] " $2 " " $3 " " $4 }
			$1 == "Ubuntu" { print "deb [signed-by=" keys "/ubuntu-archive-keyring.gpg] " $2 " " $3 " " $4 }'
}

java_package() {
	local package
	for package in "${JAVA_PACKAGES[@]}"; do
		[[ -z $(apt-cache policy "$package" | awk '$1 == "Candidate:" && $2 != "(none)"') ]] || {
			printf '%s' "$package"
			return
		}
	done
	return 1
}

base_layer_build_command() {
	local java options=$IMAGES_DIR/apt.conf
	java=$(java_package) || { echo "none of ${JAVA_PACKAGES[*]} is in the apt sources"; return 1; }
	apt_sources >"$IMAGES_DIR/sources.list"
	[[ -s $IMAGES_DIR/sources.list ]] || { echo "apt knows no Debian source: run apt-get update"; return 1; }
	apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv4|Check-Valid-Until)' >"$options" || true
	# man1: Java's installation links its manuals there and fails without the directory.
	# shellcheck disable=SC2016 # the hooks' own variable
	mmdebstrap --variant=minbase --format=tar --aptopt="$options" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		--include="$java,python3,python3-venv,tini,procps,ca-certificates" \
		--essential-hook='mkdir -p "$1/usr/share/man/man1"' \
		--customize-hook='chroot "$1" useradd --system --uid 185 --gid 0 --home-dir /opt/spark/work-dir spark' \
		--customize-hook='cd "$1/usr/lib/jvm" && ln -s "$(ls -d java-[0-9][0-9]-openjdk-* | head -n 1)" jre' \
		'' "$IMAGES_DIR/spark/base.tar.new" - <"$IMAGES_DIR/sources.list" || return 1
	mv -f "$IMAGES_DIR/spark/base.tar.new" "$IMAGES_DIR/spark/base.tar"
}

base_layer_stamp() { declare -f base_layer_build_command | sha256sum | cut -c1-16; }

# --- the images --------------------------------------------------------------------------------------------------

layer_tar() { tar --sort=name --mtime=@0 --numeric-owner "$@"; }

spark_image_stamp() {
	cat "$CLUSTER_SOURCE_DIR"/image/entrypoint.sh "$CLUSTER_SOURCE_DIR"/image/programs/*.py \
		<(declare -f spark_image_build_command base_layer_build_command; echo "$SPARK_VERSION") | sha256sum | cut -c1-16
}

spark_image_build_command() {
	local dir=$IMAGES_DIR/spark stage=$IMAGES_DIR/stage
	mkdir -p "$dir"
	if [[ ! -s $dir/base.tar || $(cat "$dir/base.stamp" 2>/dev/null) != "$(base_layer_stamp)" ]]; then
		base_layer_build_command || return 1
		base_layer_stamp >"$dir/base.stamp"
	fi
	echo "packing Spark"
	layer_tar -C "$IMAGES_DIR" --owner=0 --group=0 --transform "flags=r;s,^spark-$SPARK_VERSION,opt/spark," \
		-cf "$dir/spark.tar" "spark-$SPARK_VERSION" || return 1
	rm -rf "$stage"
	mkdir -p "$stage/opt/sparkgate" "$stage/opt/spark/work-dir"
	cp "$CLUSTER_SOURCE_DIR/image/entrypoint.sh" "$stage/opt/"
	cp "$CLUSTER_SOURCE_DIR"/image/programs/*.py "$stage/opt/sparkgate/"
	chmod -R a+rX "$stage"
	layer_tar -C "$stage" --owner=185 --group=0 -cf "$dir/programs.tar" opt/spark/work-dir &&
		layer_tar -C "$stage" --owner=0 --group=0 -rf "$dir/programs.tar" opt/entrypoint.sh opt/sparkgate || return 1
	rm -rf "$stage"
	image_describe "$dir" "$SPARK_IMAGE" '{
		"User": "185", "WorkingDir": "/opt/spark/work-dir", "Entrypoint": ["/opt/entrypoint.sh"],
		"Env": ["SPARK_HOME=/opt/spark", "JAVA_HOME=/usr/lib/jvm/jre", "HOME=/opt/spark/work-dir",
			"PATH=/opt/spark/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}' \
		base.tar spark.tar programs.tar || return 1
	spark_image_stamp >"$dir/stamp"
}

pause_image_stamp() { cat "$CLUSTER_SOURCE_DIR/image/pause.c" <(echo "$PAUSE_IMAGE") | sha256sum | cut -c1-16; }

pause_image_build_command() {
	local dir=$IMAGES_DIR/pause
	mkdir -p "$dir"
	gcc -static -O2 -Wall -Wextra -Werror -o "$dir/pause" "$CLUSTER_SOURCE_DIR/image/pause.c" || return 1
	strip "$dir/pause"
	layer_tar -C "$dir" --owner=0 --group=0 -cf "$dir/layer.tar" pause || return 1
	image_describe "$dir" "$PAUSE_IMAGE" '{"User": "65534", "Entrypoint": ["/pause"]}' layer.tar || return 1
	pause_image_stamp >"$dir/stamp"
}

images_current() {
	[[ $(cat "$IMAGES_DIR/spark/stamp" 2>/dev/null) == "$(spark_image_stamp)" ]] &&
		[[ $(cat "$IMAGES_DIR/pause/stamp" 2>/dev/null) == "$(pause_image_stamp)" ]]
}

images_build() {
	local log=$LOG_DIR/build-image.log
	! images_current || return 0
	mkdir -p "$IMAGES_DIR"
	spark_home_build
	pause_image_build_command >"$log" 2>&1 || die "the pause image did not build" "$log" "see the log; is gcc there?"
	run_long "building the Spark image (1 min, once)" "$log" spark_image_build_command ||
		die "the Spark image did not build" "$log" "apt-get update must work on this machine; then run again"
}

# --- images of other Spark versions ------------------------------------------------------------------------------

# with_spark VERSION COMMAND...: what a function would do if the cluster's Spark were that one.
with_spark() {
	local BASE_DIR=$IMAGES_DIR/spark
	local SPARK_VERSION=$1 SPARK_IMAGE=${SPARK_IMAGE%:*}:$1 IMAGES_DIR=$IMAGES_DIR/$1
	# shellcheck disable=SC2034 # read by the functions above
	local SPARK_HOME_DIR=$IMAGES_DIR/spark-$1
	shift
	"$@"
}

# Before 4.1 an executor knows its driver by its service's name alone, and the local cluster has no DNS.
spark_needs_driver_address() { [[ $(printf '%s\n' "$SPARK_VERSION" 4.1 | sort -V | head -n 1) != 4.1 ]]; }

spark_version_stamp() {
	{ spark_image_stamp; cat "$CLUSTER_SOURCE_DIR/image/driver-address.sh"; declare -f spark_version_build_command; } |
		sha256sum | cut -c1-16
}

# The base layer is the same file for all; the last layer and another entrypoint only where they are needed.
spark_version_build_command() {
	local dir=$IMAGES_DIR/spark config
	mkdir -p "$dir"
	ln -f "$BASE_DIR/base.tar" "$dir/base.tar" && cp "$BASE_DIR/base.stamp" "$dir/base.stamp" || return 1
	spark_image_build_command || return 1
	rm -f "$dir/stamp"
	if spark_needs_driver_address; then
		layer_tar -C "$CLUSTER_SOURCE_DIR/image" --owner=0 --group=0 --mode=755 --transform 's,^,opt/,' \
			-cf "$dir/driver-address.tar" driver-address.sh || return 1
		config=$(jq '.config | .Entrypoint = ["/opt/driver-address.sh"]' "$dir/config.json") || return 1
		image_describe "$dir" "$SPARK_IMAGE" "$config" base.tar spark.tar programs.tar driver-address.tar || return 1
	fi
	spark_version_stamp >"$dir/version.stamp"
}

# After images_build, which makes the base layer.
spark_version_build() {
	local log=$LOG_DIR/build-image-$SPARK_VERSION.log
	[[ $(cat "$IMAGES_DIR/spark/version.stamp" 2>/dev/null) != "$(spark_version_stamp)" ]] || return 0
	mkdir -p "$IMAGES_DIR"
	spark_home_build
	run_long "building the image of Spark $SPARK_VERSION (1 min, once)" "$log" spark_version_build_command ||
		die "the image of Spark $SPARK_VERSION did not build" "$log" "see the log; then run again"
}
