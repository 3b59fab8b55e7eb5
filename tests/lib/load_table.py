# SPDX-License-Identifier: Apache-2.0
"""How tests/bench/gateway tells what it measured: a row of medians for each load and number of clients."""
import json

GOALS = {"GET state": 0.95, "GET state, polled": 3.0, "POST, object created": 0.90, "POST, API server away": 0.60}   # of what it is beside
GOAL_P99 = 1.2      # of an earlier run's, with fewer rows


def head(title):
    print(f"\n{title}\n{'':<24} {'clients':>7} {'':>9} {'ratio':>6} {'':>7} {'latency, ms':>16} {'p99':>6} "
          f"{'CPU, us an answer':>41}\n"
          f"{'':<24} {'':>7} {'answers/s':>9} {'':>6} {'goal':>7} {'p50':>8} {'p99':>7} {'ratio':>6} "
          f"{'nginx':>6} {'workers':>7} {'postgres':>8} {'server':>7} {'load':>5} {'watcher':>7}", flush=True)


def tell(row):
    cpu = row["cpu_us"]
    goal = GOALS.get(row["what"]) if "ratio" in row else None
    verdict = "" if goal is None else ("met" if row["ratio"] >= goal else "MISSED")
    what = row["what"] if "workers" not in row else f"{row['what']}, {row['workers']} workers"
    ratio, p99_ratio = (f"{row[key]:.2f}" if key in row else "" for key in ("ratio", "p99_ratio"))
    wrong = f"   {row['refused']} REFUSED, {row['broken']} BROKEN" if row["refused"] or row["broken"] else ""
    print(f"{what:<24} {row['clients']:>7} {row['rate']:>9.0f} {ratio:>6} {verdict:>7} "
          f"{row['p50_ms']:>8.2f} {row['p99_ms']:>7.2f} {p99_ratio:>6} "
          f"{cpu['nginx']:>6.0f} {cpu['workers']:>7.0f} {cpu['postgres']:>8.0f} {cpu['server']:>7.0f} "
          f"{cpu['load']:>5.0f} {cpu['watcher']:>7.0f}{wrong}", flush=True)


def compare(rows, file):
    """p99s beside those of another ledger's."""
    before = {(row["what"], row["clients"]): row for row in json.loads(file.read_text())["rows"]
              if row["part"] != "workers" and "clients" in row}
    print(f"\np99 beside that of {file} (goal <= {GOAL_P99})")
    for row in rows:
        old = before.get((row.get("what"), row.get("clients")))
        if old is not None and row["part"] != "workers":
            ratio = row["p99_ms"] / old["p99_ms"]
            print(f"{row['what']:<24} {row['clients']:>7} {old['p99_ms']:>8.2f} -> {row['p99_ms']:>8.2f} ms "
                  f"{ratio:>6.2f} {'met' if ratio <= GOAL_P99 else 'MISSED'}")
