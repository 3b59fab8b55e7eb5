# SPDX-License-Identifier: Apache-2.0
"""What is measured: the programs as quickstart builds them (-O2, no sanitizer), below a directory of their own."""
import os
import subprocess

from kubernetes import CLONE, STATE_DIR

SHELL = """
set -euo pipefail
CLONE_DIR=$1 STATE_DIR=$2 DEPLOY_DIR=$1/deploy
for subject in say process state packages build; do . "$DEPLOY_DIR/lib/$subject.sh"; done
state_claim "$STATE_DIR"
state_settings
mkdir -p "$RUN_DIR" "$LOG_DIR"
build_settings
build_up
"""


def bench_directory(named):
    """The one that was named, or one in the state directory, which is then marked as that: tests/run takes no other."""
    if named is not None:
        return named.absolute()
    STATE_DIR.mkdir(exist_ok=True)
    (STATE_DIR / ".sparkgate-state").touch()
    return (STATE_DIR / "bench").absolute()


def build_optimised(directory):
    """Builds what has changed; from here on they are the programs of every Stack."""
    print("building", flush=True)
    subprocess.run(["bash", "-c", SHELL, "build", CLONE, directory], check=True, stdin=subprocess.DEVNULL)
    os.environ["SPARKGATE_BUILD"] = str(directory / "prefix")


def with_shipped_limits(stack_class):
    """With the limits that are shipped, not the short ones of the tests."""
    from stack import CONFIG, merged

    class Shipped(stack_class):
        def config(self, changes=None):
            whole = super().config(changes)
            whole = merged(whole, {name: dict.fromkeys(keys) for name, keys in CONFIG.items() if name in whole})
            return {name: section for name, section in whole.items() if section}

    return Shipped
