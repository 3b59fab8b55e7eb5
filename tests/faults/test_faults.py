# SPDX-License-Identifier: Apache-2.0
"""A sample of the faults; tests/faults/run is the whole. And one kill after the other at every place that has a name."""
import asyncio
import contextlib
import re
import time

import pytest
from campaign import Campaign, Rates
from clients import PLANS
from kubernetes import CLONE
from mortals import failpoint_counts
from waiting import LIMIT_S, wait_for

SEED = 4
# The operator's own steps, and those of a launch, are taken in tests/operator, where drivers are made; here it is played.
# Those of --master k8s:// are in test_k8s_faults.py.
SOURCES = [file for file in (CLONE / "fcgi").rglob("*.c") if file.parent.name not in ("launch", "operator")
           and not file.name.startswith(("k8s_", "pod_push"))]
STEPS = sorted(set(re.findall(r'FAILPOINT\("([a-z.]+)"\)', "".join(file.read_text() for file in SOURCES))))
# Steps that are taken only when the API server does not take a push.
API_FAULTS = {"push.defer": "503", "push.deferred": "503", "push.refuse": "422", "push.refused": "422"}
# Without them nobody waits for a turn.
LIMITS = {"max_running": 4}
RETENTION = "retention.deleted"
# A round may take a step only once, and is spared by every second draw.
ROUNDS_AT_MOST = 25

pytestmark = pytest.mark.usefixtures("kube", "repaired", "clean")


@contextlib.asynccontextmanager
async def campaign_of(stack, rates):
    campaign = Campaign(stack, SEED, rates)
    await campaign.start()
    try:
        yield campaign
    finally:
        await campaign.stop()


def assert_good(campaign):
    print(campaign.report())
    assert campaign.verdict.faults == []
    assert campaign.crashes == []


def kills_at(step, **more):
    often = 0.05 if step == "store.sent" else 0.5  # statements are many, and each begins anew
    return Rates(**{"failpoints": f"{step}={often}", "api": 0, "database": 0, "kills_a_second": 0, "postgres_stops": False,
                    **more})


@pytest.mark.parametrize("step", [step for step in STEPS if step != RETENTION])
def test_a_kill_at_each_step_loses_and_doubles_nothing(stack, step):
    faults = {"create": (API_FAULTS[step],)} if step in API_FAULTS else {}
    limits = LIMITS if step.startswith("turn.") else {}

    async def run():
        async with campaign_of(stack, kills_at(step, api=0.5 if faults else 0, api_faults=faults, limits=limits)) as campaign:
            # Some are taken by the clock, such as what a watcher does when it lists anew.
            end = time.monotonic() + LIMIT_S
            while failpoint_counts(campaign.failpoints_log)[step] == 0 and (
                    campaign.rounds < ROUNDS_AT_MOST or time.monotonic() < end):
                await campaign.round([*PLANS, None, None])
                await campaign.next_round()
            return campaign

    campaign = asyncio.run(run())
    assert_good(campaign)
    assert failpoint_counts(campaign.failpoints_log)[step] > 0, "it was never killed there"


def test_a_kill_while_old_objects_are_deleted_loses_none_of_the_rows(stack):
    def objects():
        return len(stack.kubernetes.applications())

    async def run():
        async with campaign_of(stack, kills_at(RETENTION)) as campaign:
            await campaign.round(["success"] * 5)
            assert objects() == 5
            stack.age("25 hours", [row["id"] for row in stack.postgres.rows("SELECT id FROM batch")])
            await campaign.stop_mortals()
            await campaign.start_mortals(campaign.rates.failpoints)  # a new watcher looks at once
            await asyncio.to_thread(wait_for, "all objects to be gone", lambda: objects() == 0)
            return campaign

    campaign = asyncio.run(run())
    assert_good(campaign)
    assert stack.postgres.value("SELECT count(*) FROM batch WHERE state = 'success'") == 5


def test_a_sample_of_everything_at_once_loses_and_doubles_nothing(stack):
    def is_much(campaign):
        return campaign.kills >= 50 and sum(campaign.api.injected.values()) >= 30

    async def run():
        async with campaign_of(stack, Rates()) as campaign:
            await campaign.round([None] * 60)
            while not is_much(campaign) and campaign.rounds < ROUNDS_AT_MOST:
                await campaign.next_round()
                await campaign.round([None] * 60)
            return campaign

    campaign = asyncio.run(run())
    assert_good(campaign)
    assert is_much(campaign) and campaign.stops == campaign.rounds
