# SPDX-License-Identifier: Apache-2.0
"""4.6 GET /batches/{id}/log."""
from case import TEXTS, Case, Matches, Reply, get, in_order

N = 19


def lines(start, end):
    return [f"line {number}" for number in range(start, end)]


def page(query, first, start, end, sparkgate=None, difference=None):
    def reply(first, start, end):
        return Reply(200,
                     lambda known: in_order({"id": known["id"], "from": first, "total": N, "log": lines(start, end)}))
    return Case(f"gives lines {start} to {end} for '{query}'", "4.6 parameters", get("/batches/${id}/log?" + query),
                reply(first, start, end), sparkgate and reply(*sparkgate), difference, "a log of 19 lines")


CASES = [
    page("", 0, 0, N),
    page("size=3", 16, 16, N), page("size=-1", 0, 0, N), page("size=-7", 0, 0, N), page("size=0", N, N, N),
    page("size=100", 0, 0, N), page("from=4&size=-1", 4, 4, N),
    page("from=2&size=2", 2, 2, 4), page("from=0", 0, 0, N), page("from=18", 18, 18, N), page("from=3&size=0", 3, 3, 3),
    page("from=-5&size=2", 17, 17, N), page("from=-1", 0, 0, N), page("from=-1&size=-1", 0, 0, N),
    page("from=19", 19, N, N), page("from=200", 200, N, N), page("from=2147483647", 2147483647, N, N),
    page("from=5&size=2147483647", 5, 0, 0, (5, 5, N), "log overflow"),
    Case("forgets what is older than 200 lines", "4.6 ring of the newest lines",
         get("/batches/${id}/log?from=0&size=1"),
         Reply(200, {"id": Matches("an id", lambda value: True), "from": 0, "total": 200, "log": lines(50, 51)}),
         Reply(200, lambda known: {"id": known["id"], "from": 0, "total": 250, "log": lines(0, 1)}), "log window",
         "a log of 250 lines"),
    Case("gives all of a long log at once", "4.6 parameters", get("/batches/${id}/log?from=0&size=-1"), Reply(
        200, lambda known: {"id": known["id"], "from": 0, "total": 10001, "log": lines(0, 10001)}), Reply(
            200, lambda known: {"id": known["id"], "from": 0, "total": 10001, "log": lines(0, 10000)}), "log pages",
        "a log of 10001 lines"),
    Case("gives the last 100 of a long log by default", "4.6 parameters", get("/batches/${id}/log"), Reply(
        200, lambda known: {"id": known["id"], "from": 9901, "total": 10001, "log": lines(9901, 10001)}),
        given="a log of 10001 lines"),
    Case("gives the first 100 from 0", "4.6 parameters", get("/batches/${id}/log?from=0"), Reply(
        200, lambda known: {"id": known["id"], "from": 0, "total": 10001, "log": lines(0, 100)}),
        given="a log of 10001 lines"),
    Case("has a list and a number before anything ran", "4.6 reply", get("/batches/${id}/log"), Reply(200, lambda known:
         in_order({"id": known["id"], "from": 0, "total": Matches("a number", lambda value: value >= 0),
                   "log": TEXTS})),
         given="a batch"),
    Case("marks its sections", "4.6 layout", get("/batches/${id}/log"), Reply(200, lambda known: {
        "id": known["id"], "from": 0, "total": 2, "log": ["stdout: ", "\nstderr: "]}), Reply(200, lambda known: {
            "id": known["id"], "from": 0, "total": 0, "log": []}), "log marks", "a batch"),
    Case("is read by name", "4.6 reply", get("/batches/${name}/log?size=1"), Reply(200, lambda known: {
        "id": known["id"], "from": 18, "total": N, "log": lines(18, N)}), given="a log of 19 lines"),
]
