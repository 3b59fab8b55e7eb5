# SPDX-License-Identifier: Apache-2.0
"""4.3 GET /batches."""
from case import INT, Case, Matches, Reply, batch, get, ids_are, in_order, list_of

FIVE = "five batches"


def page(it, query, start, end, rule="page"):
    """Of the last five, which are items first to total-1."""
    return Case(it, f"4.3 {rule}", get("/batches?" + query), Reply(200, lambda known: {
        "from": INT, "total": known["total"], "sessions": ids_are(known["ids"][start:end])}), given=FIVE)


CASES = [
    Case("has from, total and sessions, and no size", "4.3 reply", get("/batches?from=${first}"),
         Reply(200, lambda known:
         in_order({"from": known["first"], "total": known["total"], "sessions": list_of(batch(), 5)})), given=FIVE),
    page("orders by creation, oldest first", "from=${first}", 0, 5, "order"),
    page("gives a page", "from=${first}&size=2", 0, 2),
    page("gives the next page", "from=${second}&size=2", 1, 3),
    page("gives what is left", "from=${second}&size=100", 1, 5),
    page("gives nothing for size 0", "from=${first}&size=0", 0, 0),
    page("gives nothing for a negative size", "from=${first}&size=-3", 0, 0),
    page("gives nothing past the end", "from=${beyond}", 0, 0),
    page("gives nothing at the end", "from=${total}", 0, 0),
    Case("echoes from past the end", "4.3 from", get("/batches?from=${beyond}"), Reply(200, lambda known: {
        "from": known["beyond"], "total": known["total"], "sessions": []}), given=FIVE),
    Case("echoes a negative from, and begins at 0", "4.3 from", get("/batches?from=-1&size=2"), Reply(200, {
        "from": -1, "total": INT, "sessions": list_of(batch(), 1)}), given=FIVE),
    Case("gives nothing when size only brings it to 0", "4.3 from", get("/batches?from=-10&size=10"), Reply(200, {
        "from": -10, "total": INT, "sessions": []}), given=FIVE),
    Case("begins at 0 by default", "4.3 from", get("/batches?size=1"), Reply(200, {
        "from": 0, "total": INT, "sessions": list_of(batch(), 1)}), given="a batch"),
    Case("gives 100 by default", "4.3 size", get("/batches"), Reply(200, {"from": 0, "total": INT, "sessions": list_of(
        batch(), 100)}), given="more than 1000 batches"),
    Case("gives any size", "4.3 size", get("/batches?size=2147483647"), Reply(200, {
        "from": 0, "total": INT, "sessions": Matches("more than 1000", lambda value: len(value) > 1000)}), Reply(200, {
            "from": 0, "total": Matches("above 1000", lambda value: value > 1000), "sessions": list_of(batch(), 1000)}),
        "list pages", "more than 1000 batches"),
    Case("counts all in total, not the page", "4.3 total", get("/batches?size=1"), Reply(200, lambda known: {
        "from": 0, "total": known["total"], "sessions": list_of(batch(), 1)}), given=FIVE),
    Case("lists what ended", "4.3 includes finished batches", get("/batches?from=${last}"), Reply(200, lambda known: {
        "from": known["last"], "total": known["last"] + 1, "sessions": [batch(id=known["id"], state="success")]}),
        given="a listed batch of success"),
    Case("ignores state=", "4.3 no filter", get("/batches?state=dead&from=0"), Reply(200), Reply(400),
         "list parameters"),
    Case("ignores order=", "4.3 no filter", get("/batches?order=desc&size=5"), Reply(200, lambda known: {
        "from": 0, "total": known["total"], "sessions": list_of(batch(), 5)}), Reply(200, lambda known: {
            "from": None, "total": known["total"], "sessions": ids_are(known["ids"][::-1]), "next": Matches(
                "a cursor or null", lambda value: value is None or isinstance(value, str))}), "list parameters", FIVE),
]
