"""Edits around the schemas of the shop: paths, parameters, bodies, media types, statuses, headers, security, servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.changes.editing import (
    BREAKING,
    COMPATIBLE,
    EQUAL,
    Edit,
    Message,
    Revision,
    Truth,
    append,
    change,
    drop,
    move,
    put,
    ref,
    take,
)

ORDERS = "/paths/~1orders"
LIST = f"{ORDERS}/get"
CREATE = f"{ORDERS}/post"
ONE = "/paths/~1orders~1{order_id}"
GET = f"{ONE}/get"
PATCH = f"{ONE}/patch"
DELETE = f"{ONE}/delete"
CATALOGUE = "/paths/~1catalogue"
PARAMETERS = f"{LIST}/parameters"
LIMIT, STATUS, TAG, IDS, CREATED, VISITOR, TRACE = (f"{PARAMETERS}/{index}" for index in range(7))
TENANT = f"{ORDERS}/parameters/0"
OK = f"{LIST}/responses/200"
CONTENT = f"{CREATE}/requestBody/content"
SCHEMES = "/components/securitySchemes"
SCOPES = {"orders:write": "w", "orders:read": "r"}


def query(name: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


def asked(path: str, **headers: str) -> Message:
    return {
        "method": "GET",
        "path": path,
        "headers": {"X-Tenant": "t", "Authorization": "Bearer KEY", **headers},
        "body": None,
    }


def content(name: str, schema: Any = None) -> dict[str, Any]:
    return {name: {} if schema is None else {"schema": schema}}


Row = tuple[str, Truth, tuple[Edit, ...]]
INTEGER, STRING = {"type": "integer"}, {"type": "string"}

# fmt: off
# ruff: noqa: E501 - one row a line
PATHS: tuple[Row, ...] = (
    ("a path removed", BREAKING, (drop(CATALOGUE),)),
    ("an operation removed", BREAKING, (drop(DELETE),)),
    ("an operation added", COMPATIBLE, (put(f"{CATALOGUE}/put", {"responses": {"204": {"description": "set"}}}),)),
    ("a path added", COMPATIBLE, (put("/paths/~1health", {"get": {"responses": {"200": {"description": "up"}}}}),)),
    ("a path with a slash at its end", BREAKING, (move(CATALOGUE, "/paths/~1catalogue~1"),)),
    ("a path in another case", BREAKING, (move(CATALOGUE, "/paths/~1Catalogue"),)),
    ("a path renamed", BREAKING, (move(CATALOGUE, "/paths/~1categories"),)),
    ("a method changed", BREAKING, (move(PATCH, f"{ONE}/put"),)),
    ("an operation deprecated", COMPATIBLE, (put(f"{LIST}/deprecated", True),)),
    ("an operation reinstated", COMPATIBLE, (drop(f"{DELETE}/deprecated"),)),
    ("an operationId changed", COMPATIBLE, (put(f"{LIST}/operationId", "all_orders"),)),
    ("a fixed path given a parameter", COMPATIBLE, (put("/paths/~1{page}", {"get": {"parameters": [{"name": "page", "in": "path", "required": True, "schema": STRING}], "responses": {"200": {"description": "a page"}}}}),)),
)
PARAMETER: tuple[Row, ...] = (
    ("an optional query parameter added", COMPATIBLE, (append(PARAMETERS, query("sort", STRING)),)),
    ("a required query parameter added", BREAKING, (append(PARAMETERS, query("sort", STRING, required=True)),)),
    ("a required header added", BREAKING, (append(PARAMETERS, {"name": "X-New", "in": "header", "required": True, "schema": STRING}),)),
    ("a required cookie added", BREAKING, (append(PARAMETERS, {"name": "new", "in": "cookie", "required": True, "schema": STRING}),)),
    ("an optional header added", COMPATIBLE, (append(PARAMETERS, {"name": "X-New", "in": "header", "schema": STRING}),)),
    ("an ignored header made required", EQUAL, (append(PARAMETERS, {"name": "Authorization", "in": "header", "required": True, "schema": STRING}),)),
    ("a required parameter added to the path item", BREAKING, (append(f"{ORDERS}/parameters", query("shop", STRING, required=True)),)),
    ("a query parameter removed", COMPATIBLE, (drop(LIMIT),)),
    ("a required header removed", COMPATIBLE, (drop(f"{ORDERS}/parameters"),)),
    ("a cookie removed", COMPATIBLE, (drop(VISITOR),)),
    ("a query parameter renamed", COMPATIBLE, (put(f"{LIMIT}/name", "page_size"),)),
    ("a required header renamed", BREAKING, (put(f"{TENANT}/name", "X-Shop"),)),
    ("a query parameter made required", BREAKING, (put(f"{LIMIT}/required", True),)),
    ("a header made optional", COMPATIBLE, (put(f"{TENANT}/required", False),)),
    ("a query parameter moved to a header", COMPATIBLE, (put(f"{LIMIT}/in", "header"),)),
    ("a required header moved to the query", BREAKING, (put(f"{TENANT}/in", "query"),)),
    ("a query parameter in another case", COMPATIBLE, (put(f"{LIMIT}/name", "Limit"),)),
    ("a required query parameter in another case", BREAKING, (put(f"{LIMIT}/required", True), put(f"{LIMIT}/name", "Limit"))),
    ("a parameter deprecated", COMPATIBLE, (put(f"{LIMIT}/deprecated", True),)),
    ("a parameter's default changed", COMPATIBLE, (put(f"{LIMIT}/schema/default", 50),)),
    ("a parameter's default removed", COMPATIBLE, (drop(f"{LIMIT}/schema/default"),)),
    ("a parameter's maximum lowered", BREAKING, (put(f"{LIMIT}/schema/maximum", 50),)),
    ("a parameter's maximum raised", COMPATIBLE, (put(f"{LIMIT}/schema/maximum", 200),)),
    ("a path parameter's minimum raised", BREAKING, (put(f"{ONE}/parameters/0/schema/minimum", 10),)),
    ("an integer query parameter as a string", COMPATIBLE, (put(f"{LIMIT}/schema", STRING),)),
    ("a string query parameter as an integer", BREAKING, (put("/paths/~1preference/parameters/0/schema", INTEGER),)),
    ("an integer path parameter as a string", COMPATIBLE, (put(f"{ONE}/parameters/0/schema", STRING),)),
    ("an integer query parameter as a number", COMPATIBLE, (put(f"{LIMIT}/schema/type", "number"),)),
    ("an integer query parameter as a boolean", BREAKING, (put(f"{LIMIT}/schema", {"type": "boolean"}),)),
    ("a string query parameter as anything", COMPATIBLE, (put("/paths/~1preference/parameters/0/schema", {}),)),
    ("null taken from a header's schema", COMPATIBLE, (put(f"{TRACE}/schema/type", "string"),)),
    ("null added to a query parameter's schema", COMPATIBLE, (put(f"{LIMIT}/schema/type", ["integer", "null"]),)),
    ("a header's maxLength lowered", BREAKING, (put(f"{TRACE}/schema/maxLength", 10),)),
    ("a header may be empty", COMPATIBLE, (put(f"{TENANT}/schema/minLength", 0),)),
    ("a value taken from a parameter's enum", BREAKING, (put(f"{STATUS}/schema", {"type": "string", "enum": ["open", "paid"]}),)),
    ("a value added to a parameter's enum", COMPATIBLE, (put(f"{STATUS}/schema", {"type": "string", "enum": ["open", "paid", "shipped", "lost"]}),)),
    ("a pattern of a parameter's items widened", COMPATIBLE, (put(f"{TAG}/schema/items/pattern", "^[a-z0-9]+$"),)),
    ("a pattern of a parameter's items narrowed", BREAKING, (put(f"{TAG}/schema/items/pattern", "^[a-f]+$"),)),
    ("items of a parameter limited", BREAKING, (put(f"{IDS}/schema/maxItems", 2),)),
    ("explode of an array in the query set", BREAKING, (put(f"{IDS}/explode", True),)),
    ("explode of an array in the query unset", BREAKING, (put(f"{TAG}/explode", False),)),
    ("an array in the query delimited by pipes", BREAKING, (put(f"{IDS}/style", "pipeDelimited"),)),
    ("an array in the query as one value", BREAKING, (put(f"{IDS}/schema", INTEGER),)),
    ("one value in the query as an array of it", COMPATIBLE, (put(f"{LIMIT}/schema", {"type": "array", "items": {**INTEGER, "minimum": 1}}),)),
    ("reserved characters allowed", COMPATIBLE, (put("/paths/~1preference/parameters/0/allowReserved", True),)),
    ("a path parameter in the style of a label", BREAKING, (put(f"{ONE}/parameters/0/style", "label"),)),
    ("a parameter overridden by the operation", BREAKING, (append(PARAMETERS, {"name": "X-Tenant", "in": "header", "required": True, "schema": {**STRING, "minLength": 8}}),)),
)
BODIES: tuple[Row, ...] = (
    ("a request body made required", BREAKING, (put(f"{PATCH}/requestBody/required", True),)),
    ("a request body made optional", COMPATIBLE, (put(f"{CREATE}/requestBody/required", False),)),
    ("a required request body added", BREAKING, (put(f"{DELETE}/requestBody", {"required": True, "content": content("application/json", STRING)}),)),
    ("an optional request body added", COMPATIBLE, (put(f"{DELETE}/requestBody", {"content": content("application/json", STRING)}),)),
    ("a request media type removed", BREAKING, (drop(f"{CONTENT}/application~1vnd.shop+json"),)),
    ("a request media type added", COMPATIBLE, (put(f"{CONTENT}/application~1x-www-form-urlencoded", {"schema": ref("Order")}),)),
    ("a request media type replaced", BREAKING, (move(f"{CONTENT}/application~1json", f"{CONTENT}/text~1plain"),)),
    ("request media types widened to a range", COMPATIBLE, (move(f"{CONTENT}/application~1vnd.shop+json", f"{CONTENT}/application~1*"),)),
    ("request media types widened to any", COMPATIBLE, (put(f"{CONTENT}/*~1*", {}),)),
    ("a request media type given a parameter", BREAKING, (move(f"{CONTENT}/application~1vnd.shop+json", f"{CONTENT}/application~1vnd.shop+json; v=2"),)),
    ("a request media type given a charset", EQUAL, (move(f"{CONTENT}/application~1json", f"{CONTENT}/application~1json; charset=utf-8"),)),
    ("another schema for one request media type", BREAKING, (put(f"{CONTENT}/application~1vnd.shop+json/schema", ref("Line")),)),
    ("the schema of a request media type dropped", COMPATIBLE, (drop(f"{CONTENT}/application~1json/schema"),)),
    ("a request body's minProperties raised", BREAKING, (put(f"{PATCH}/requestBody/content/application~1merge-patch+json/schema/minProperties", 2),)),
    ("a request property of a closed body removed", BREAKING, (drop(f"{PATCH}/requestBody/content/application~1merge-patch+json/schema/properties/note"),)),
    ("a request body opened", COMPATIBLE, (drop(f"{PATCH}/requestBody/content/application~1merge-patch+json/schema/additionalProperties"),)),
)
RESPONSES: tuple[Row, ...] = (
    ("a status added", COMPATIBLE, (put(f"{GET}/responses/429", ref("Refused", "responses")),)),
    ("a success status added", COMPATIBLE, (put(f"{GET}/responses/202", {"description": "later"}),)),
    ("a status removed", COMPATIBLE, (drop(f"{GET}/responses/404"),)),
    ("the default answer removed", COMPATIBLE, (drop(f"{CREATE}/responses/default"),)),
    ("a status within a range with its schema", COMPATIBLE, (put(f"{LIST}/responses/404", ref("Refused", "responses")),)),
    ("a status within a range with another schema", BREAKING, (put(f"{LIST}/responses/404", {"description": "no", "content": content("application/problem+json", STRING)}),)),
    ("a status within default with another schema", BREAKING, (put(f"{CREATE}/responses/500", {"description": "no", "content": content("application/problem+json", {"type": "array"})}),)),
    ("a status widened to its range", COMPATIBLE, (move(f"{GET}/responses/404", f"{GET}/responses/4XX"),)),
    ("a status widened to default", COMPATIBLE, (move(f"{GET}/responses/404", f"{GET}/responses/default"),)),
    ("a range narrowed to a status", COMPATIBLE, (move(f"{LIST}/responses/4XX", f"{LIST}/responses/404"),)),
    ("a range to default", COMPATIBLE, (move(f"{LIST}/responses/4XX", f"{LIST}/responses/default"),)),
    ("default to a range", COMPATIBLE, (move(f"{CREATE}/responses/default", f"{CREATE}/responses/4XX"),)),
    ("a response media type removed", BREAKING, (drop(f"{CATALOGUE}/get/responses/200/content/text~1csv"),)),
    ("a response media type replaced", BREAKING, (move(f"{OK}/content/application~1json", f"{OK}/content/application~1hal+json"),)),
    ("response media types widened to a range", BREAKING, (move(f"{CATALOGUE}/get/responses/200/content/text~1csv", f"{CATALOGUE}/get/responses/200/content/text~1*"),)),
    ("a response media type given a charset", EQUAL, (move(f"{OK}/content/application~1json", f"{OK}/content/application~1json; charset=utf-8"),)),
    ("a response media type given a parameter", COMPATIBLE, (move(f"{CATALOGUE}/get/responses/200/content/text~1csv", f"{CATALOGUE}/get/responses/200/content/text~1csv; header=present"),)),
    ("a response schema dropped", BREAKING, (drop(f"{OK}/content/application~1json/schema"),)),
    ("a response wrapped in an object", BREAKING, (change(f"{OK}/content/application~1json/schema", lambda schema: {"type": "object", "properties": {"items": schema}}),)),
    ("a response of one item as a list", BREAKING, (change(f"{GET}/responses/200/content/application~1json/schema", lambda schema: {"type": "array", "items": schema}),)),
    ("a response header made optional", BREAKING, (put(f"{OK}/headers/X-Total/required", False),)),
    ("a required response header removed", BREAKING, (drop(f"{OK}/headers/X-Total"),)),
    ("an optional response header removed", COMPATIBLE, (drop(f"{OK}/headers/X-Next"),)),
    ("a response header made required", COMPATIBLE, (put(f"{OK}/headers/X-Next/required", True),)),
    ("a response header added", COMPATIBLE, (put(f"{OK}/headers/X-Cost", {"required": True, "schema": INTEGER}),)),
    ("an integer response header as a string", BREAKING, (put(f"{OK}/headers/X-Total/schema", STRING),)),
    ("a string response header as an integer", COMPATIBLE, (put(f"{OK}/headers/X-Next/schema", INTEGER),)),
    ("a response header's pattern dropped", BREAKING, (drop(f"{CREATE}/responses/201/headers/Location/schema/pattern"),)),
    ("a response header's minimum raised", COMPATIBLE, (put(f"{OK}/headers/X-Total/schema/minimum", 1),)),
    ("null added to a response header's schema", COMPATIBLE, (put(f"{OK}/headers/X-Next/schema", {"type": ["string", "null"]}),)),
    ("a required response header renamed", BREAKING, (move(f"{OK}/headers/X-Total", f"{OK}/headers/X-Count"),)),
)
SECURITY: tuple[Row, ...] = (
    ("security added to a public operation", BREAKING, (drop(f"{CATALOGUE}/get/security"),)),
    ("security dropped from an operation", COMPATIBLE, (put(f"{LIST}/security", []),)),
    ("security dropped from the document", COMPATIBLE, (drop("/security"),)),
    ("security made optional", COMPATIBLE, (append("/security", {}),)),
    ("an alternative of security added", COMPATIBLE, (append("/security", {"key": []}),)),
    ("an alternative of security removed", BREAKING, (take(f"{PATCH}/security", {"key": []}),)),
    ("a second scheme demanded as well", BREAKING, (put("/security", [{"bearer": [], "key": []}]),)),
    ("one of two schemes no longer demanded", COMPATIBLE, (put(f"{GET}/security", [{"bearer": []}]),)),
    ("a security scheme replaced", BREAKING, (put("/security", [{"key": []}]),)),
    ("bearer as basic", BREAKING, (put(f"{SCHEMES}/bearer/scheme", "basic"),)),
    ("the header of a key renamed", BREAKING, (put(f"{SCHEMES}/key/name", "X-Api-Key"),)),
    ("a key moved to the query", BREAKING, (put(f"{SCHEMES}/key/in", "query"),)),
    ("a scope no longer demanded", COMPATIBLE, (put(f"{PATCH}/security/0/oauth", []),)),
    ("the address of tokens changed", COMPATIBLE, (put(f"{SCHEMES}/oauth/flows/clientCredentials/tokenUrl", "https://id.shop.example/token"),)),
    ("a scope described otherwise", EQUAL, (put(f"{SCHEMES}/oauth/flows/clientCredentials/scopes", SCOPES),)),
    ("the format of a bearer named", EQUAL, (put(f"{SCHEMES}/bearer/bearerFormat", "JWT"),)),
    ("the prefix of the server changed", BREAKING, (put("/servers/0/url", "https://api.shop.example/v2"),)),
    ("the prefix of the server dropped", BREAKING, (put("/servers/0/url", "https://api.shop.example"),)),
    ("the prefix of the server of an operation changed", BREAKING, (put(f"{CATALOGUE}/get/servers", [{"url": "https://api.shop.example/v2"}]),)),
    ("a server of the same prefix added", COMPATIBLE, (append("/servers", {"url": "https://eu.shop.example/v1"}),)),
    ("the host of the server changed", COMPATIBLE, (put("/servers/0/url", "https://eu.shop.example/v1"),)),
    ("a callback added", COMPATIBLE, (put(f"{CREATE}/callbacks", {"done": {"{$request.query.url}": {"post": {"responses": {"200": {"description": "ok"}}}}}}),)),
    ("a webhook added", COMPATIBLE, (put("/webhooks", {"done": {"post": {"responses": {"200": {"description": "ok"}}}}}),)),
)
UNSEEN: tuple[Row, ...] = (
    # what no message shows: who holds a scope, and what is undeclared is not refused
    ("an object in the query written otherwise", BREAKING, (drop(f"{CREATED}/style"),)),
    # and by which type or status an answer comes: clients choose one, and are bound to the other
    ("a response media type added", COMPATIBLE, (put(f"{OK}/content/text~1csv", {"schema": STRING}),)),
    ("the success status replaced", BREAKING, (move(f"{GET}/responses/200", f"{GET}/responses/201"),)),
    ("the success status replaced by its range", COMPATIBLE, (move(f"{GET}/responses/200", f"{GET}/responses/2XX"),)),
    ("a success status removed beside another", COMPATIBLE, (drop(f"{GET}/responses/202"),)),
    ("an error media type removed", COMPATIBLE, (drop(f"{GET}/responses/404/content/text~1csv"),)),
    ("a scope added", BREAKING, (put(f"{PATCH}/security/0/oauth", ["orders:write", "orders:read"]),)),
    ("a scope replaced", BREAKING, (put(f"{PATCH}/security/0/oauth", ["orders:read"]),)),
)
BEFORE: dict[str, tuple[Edit, ...]] = {
    "a success status removed beside another": (put(f"{GET}/responses/202", {"description": "later"}),),
    "an error media type removed": (put(f"{GET}/responses/404", {"description": "no", "content": {"application/json": {}, "text/csv": {}}}),),
    "a required query parameter in another case": (put(f"{LIMIT}/required", True),),
    "one of two schemes no longer demanded": (put(f"{GET}/security", [{"bearer": [], "key": []}]),),
}
MESSAGES: dict[str, Message] = {
    "a response media type removed": asked("/catalogue", Accept="text/csv"),
    "a header's maxLength lowered": asked("/orders", **{"X-Trace": "x" * 20}),
    "a parameter overridden by the operation": asked("/orders"),
    "items of a parameter limited": asked("/orders?ids=1,2,3"),
    "a pattern of a parameter's items narrowed": asked("/orders?tag=z"),
    "an array in the query delimited by pipes": asked("/orders?ids=1,2"),
    "explode of an array in the query set": asked("/orders?ids=1,2"),
}
# fmt: on


def operation_revisions() -> Iterator[Revision]:
    for name, truth, edits in (*PATHS, *PARAMETER, *BODIES, *RESPONSES, *SECURITY, *UNSEEN):
        seen = not any(name is row[0] for row in UNSEEN)
        before = BEFORE.get(name, ())
        yield Revision(name, "shop", truth, edits, before, None, MESSAGES.get(name), seen)
