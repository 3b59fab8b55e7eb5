#!/bin/sh
# Makes ./configure from configure.ac and Makefile.am.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")"
exec autoreconf --force --install --warnings=all
