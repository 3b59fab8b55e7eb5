# SPDX-License-Identifier: Apache-2.0
"""1.1 Routing."""
from case import (ANY_TYPE, EMPTY, FILE, MSG, TEXT, Case, Matches, Reply, Request, Step, batch, delete, get, head,
                  listing, msg,
                  post)

ANY_JSON = Matches("application/json", lambda value: str(value).startswith("application/json"))
NOT_FOUND = Reply(404, EMPTY, {"Content-Type": ANY_JSON})
NOT_FOUND_MSG = Reply(404, MSG)
PAGE_404 = Reply(404, headers=ANY_TYPE)
COLLECTION, ITEM, READ_ONLY = "POST, GET, HEAD", "DELETE, GET, HEAD", "GET, HEAD"
NEW = {"file": FILE, "name": "${new}"}
LOCATION = {"Location": Matches("/batches/<id>", lambda value: str(value).startswith("/batches/") and
                                str(value)[len("/batches/"):].isdigit())}
CREATED = Reply(201, lambda known: batch(name=known["new"]), LOCATION)


def not_found(word):
    return Reply(404, {"msg": f"Session '{word}' not found."})


def wrong_method(method, path, allow, given=None):
    """405: Livy's has no body."""
    cites = "1.1 known path, wrong method"
    return Case(f"has no {method} {path}", cites, Request(method, path),
                Reply(405, EMPTY, {"Allow": listing(allow), **ANY_TYPE}),
                Reply(405, MSG, {"Allow": listing(allow)}), "error bodies", given)


CASES = [
    Case("lists from the collection", "1.1 collection", get("/batches"), Reply(200)),
    Case("lists from the collection with a slash", "1.1 collection", get("/batches/"), Reply(200)),
    Case("takes a POST to the collection", "1.1 collection", post(NEW), CREATED),
    Case("takes a POST to the collection with a slash", "1.1 collection", post(NEW, "/batches/"), CREATED),
    Case("shows an item", "1.1 item", get("/batches/${id}"), Reply(200, batch()), given="a batch"),
    Case("knows an item with a slash", "1.1 item", get("/batches/${id}/"), NOT_FOUND, Reply(200, batch()),
         "slash after an item", "a batch"),
    Case("deletes an item with a slash", "1.1 item", delete("/batches/${id}/"), NOT_FOUND,
         Reply(200, {"msg": "deleted"}),
         "slash after an item", "a batch"),
    Case("merges a double slash before an item", "1.1 leading double slash", get("//batches/${id}"), PAGE_404,
         Reply(200, batch(), {"Location": None}), "double slash", "a batch"),
    Case("merges a double slash before the collection", "1.1 leading double slash", post(NEW, "//batches"), PAGE_404,
         CREATED, "double slash"),
    Case("finds by a name", "1.1 {id}", post({"file": FILE, "name": "by-name-${new}"}),
         Reply(201), then=(Step(get("/batches/by-name-${new}"), Reply(200, lambda known: batch(id=known["made"]))),
                           Step(get("/batches/by-name-${new}/state"), Reply(200)),
                           Step(get("/batches/by-name-${new}/log"), Reply(200)))),
    Case("decodes a name's percent escapes", "1.1 {id}", post({"file": FILE, "name": "a b/\u00fc ${new}"}), Reply(201),
         then=(Step(get("/batches/a%20b%2F%C3%BC%20${new}"), Reply(200, lambda known: batch(id=known["made"]))),)),
    Case("takes a minus and a digit for a name", "1.1 {id}", get("/batches/-1"), not_found("-1")),
    Case("takes a blank and a digit for a name", "1.1 {id}", get("/batches/%201"), not_found(" 1")),
    Case("takes letters for a name", "1.1 {id}", get("/batches/abc-${new}"), Reply(404, MSG)),
    Case("matches names exactly: no prefix", "1.1 {id}", get("/batches/contract"), not_found("contract")),
    Case("takes 2^31-1 for an id", "1.1 {id}", get("/batches/2147483647"), not_found("2147483647")),
    Case("takes 2^31 for an id", "1.1 {id}", get("/batches/2147483648"), Reply(400, msg("For input string")),
         not_found("2147483648"), "ids beyond 2^31-1"),
    Case("takes 2^63-1 for an id", "1.1 {id}", get("/batches/9223372036854775807/state"),
         Reply(400, msg("For input string")), not_found("9223372036854775807"), "ids beyond 2^31-1"),
    Case("refuses 2^63", "1.1 {id}", get("/batches/9223372036854775808"), Reply(400, msg('"9223372036854775808"'))),
    Case("refuses digits without end", "1.1 {id}", delete("/batches/" + "9" * 50), Reply(400, msg("For input string"))),
    Case("answers HEAD of the collection", "1.1 HEAD", head("/batches"), Reply(200, EMPTY, {"Content-Length": TEXT})),
    Case("answers HEAD of an item", "1.1 HEAD", head("/batches/${id}"), Reply(200, EMPTY, {"Content-Length": TEXT}),
         given="a batch"),
    Case("answers HEAD with the length of GET's body", "1.1 HEAD", head("/batches/${id}/log?from=7&size=1"),
         Reply(200, EMPTY, {"Content-Length": lambda known: str(len(
             f'{{"id":{known["id"]},"from":7,"total":19,"log":["line 7"]}}'))}), given="a log of 19 lines"),
    Case("answers HEAD of what is not there", "1.1 HEAD", head("/batches/none-${new}"),
         Reply(404, EMPTY, {"Content-Length": Matches("above 0", lambda value: int(value) > 0)})),
    *(wrong_method(method, "/batches", COLLECTION) for method in ("DELETE", "PUT", "PATCH", "OPTIONS")),
    *(wrong_method(method, "/batches/${id}", ITEM, "a batch") for method in ("POST", "PUT", "PATCH", "OPTIONS")),
    *(wrong_method(method, "/batches/${id}/state", READ_ONLY, "a batch") for method in ("POST", "DELETE", "OPTIONS")),
    *(wrong_method(method, "/batches/${id}/log", READ_ONLY, "a batch") for method in ("POST", "DELETE", "PATCH")),
    wrong_method("POST", "/version", READ_ONLY),
    Case("has no TRACE", "1.1 known path, wrong method", Request("TRACE", "/batches"), Reply(405, EMPTY, ANY_TYPE),
         Reply(405, MSG, {"Allow": listing("GET, HEAD, POST, DELETE")}), "error bodies"),
    *(Case(f"knows no {path}", "1.1 unknown sub-path", get(path), NOT_FOUND, NOT_FOUND_MSG, "error bodies", "a batch")
      for path in ("/batches/${id}/foo", "/batches/${id}/state/foo", "/batches/${id}/LOG", "/batches/${id}/log/0")),
    *(Case(f"lets no {header} make a DELETE of a POST", "1.1 method override",
           post({}, "/batches/${id}", headers={header: "DELETE"}), Reply(200, {"msg": "deleted"}),
           Reply(405, MSG, {"Allow": listing(ITEM)}), "method override", "a batch",
           (Step(get("/batches/${id}/state"), Reply(404), Reply(200, lambda known: {
               "id": known["id"], "state": Matches("not killed", lambda value: value != "killed")})),))
      for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")),
    Case("lets no _method make a DELETE of a POST", "1.1 method override", post({}, "/batches/${id}?_method=DELETE"),
         Reply(200, {"msg": "deleted"}), Reply(405, MSG), "method override", "a batch"),
    *(Case(f"redirects no {request.method} {request.path}", "1.1 redirects", request, Reply(status, headers={
        "Location": None})) for request, status in ((get("/batches"), 200), (get("/batches/"), 200),
                                                    (get("/batches/none-${new}/log"), 404))),
    Case("answers the bare address", "1.1 GET /", get("/"), Reply(302, headers={
        "Location": TEXT, **ANY_TYPE}), Reply(200, {}), "the bare address"),
    Case("answers Airflow's Test connection", "1.1 GET /", Request("POST", "/"), Reply(405, headers=ANY_TYPE),
         Reply(200, {}), "the bare address"),
]
