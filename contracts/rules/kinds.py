"""The table of rule kinds: every kind of promise that the suite knows, with its severity and the clause it rests on."""

from __future__ import annotations

from contracts.rules.rule import RuleKind, Severity

VIOLATION, ADVISORY = Severity.VIOLATION, Severity.ADVISORY

# About a place of the body. The order is the order of judging: at one place, the first broken kind is reported.
REQUIRED = RuleKind("required", VIOLATION, "JSON Schema 2020-12 Validation §6.5.3")
NULLABILITY = RuleKind("nullability", VIOLATION, "JSON Schema 2020-12 Validation §6.1.1")
TYPE = RuleKind("type", VIOLATION, "JSON Schema 2020-12 Validation §6.1.1")
ENUM = RuleKind("enum", VIOLATION, "JSON Schema 2020-12 Validation §6.1.2")
CONST = RuleKind("const", VIOLATION, "JSON Schema 2020-12 Validation §6.1.3")
FORMAT = RuleKind("format", VIOLATION, "JSON Schema 2020-12 Validation §7.3")
PATTERN = RuleKind("pattern", VIOLATION, "JSON Schema 2020-12 Validation §6.3.3")
BOUNDS = RuleKind("bounds", VIOLATION, "JSON Schema 2020-12 Validation §6.2, §6.3, §6.5")
ITEMS = RuleKind("items", VIOLATION, "JSON Schema 2020-12 Validation §6.4, Core §10.3.1")
ADDITIONAL = RuleKind("additional properties", VIOLATION, "JSON Schema 2020-12 Core §10.3.2.3")
UNION = RuleKind("union", VIOLATION, "JSON Schema 2020-12 Core §10.2.1")
SCHEMA = RuleKind("schema", VIOLATION, "OpenAPI 3.1 §4.8.14")

# About the body as text.
STRICT_JSON = RuleKind("strict json", VIOLATION, "RFC 8259 §2, §6, §8.1")
UNIQUE_NAMES = RuleKind("unique names", ADVISORY, "RFC 8259 §4, RFC 7493 §2.3")

# About the response and the operation.
STATUS = RuleKind("status documented", VIOLATION, "OpenAPI 3.1 §4.8.16")
MEDIA_TYPE = RuleKind("media type documented", VIOLATION, "OpenAPI 3.1 §4.8.17")
HEADER = RuleKind("header required", VIOLATION, "OpenAPI 3.1 §4.8.21")
EDGE_ANSWER = RuleKind("edge answer documented", ADVISORY, "RFC 9110 §15.5")
FRAMING = RuleKind("framing", VIOLATION, "RFC 9112 §6.3, §8")
CONTENT_ENCODING = RuleKind("content encoding", VIOLATION, "RFC 9110 §8.4")

# About the credential, the resource, methods and header fields.
AUTH = RuleKind("auth", VIOLATION, "OpenAPI 3.1 §4.8.30, RFC 9110 §11.6.2, §15.5.2")
CHALLENGE = RuleKind("challenge", VIOLATION, "RFC 9110 §15.5.2, §11.6.1")
GIVEN = RuleKind("given value", VIOLATION, "the user's own word, OpenAPI 3.1 §4.8.16")
UNKNOWN = RuleKind("unknown value", VIOLATION, "RFC 9110 §15.5.5")
IDENTITY = RuleKind("identity", ADVISORY, "RFC 9110 §6.4.2, RFC 3986 §6.2.1")
METHOD = RuleKind("unlisted method", VIOLATION, "OpenAPI 3.1 §4.8.9, RFC 9110 §15.5.6")
ALLOW = RuleKind("allow header", VIOLATION, "RFC 9110 §15.5.6, §10.2.1")
CONTENT_TYPE = RuleKind("single content type", VIOLATION, "RFC 9110 §8.3, §5.3")
CHARSET = RuleKind("charset", VIOLATION, "RFC 8259 §8.1, §11")
CONTENT_LENGTH = RuleKind("content length", VIOLATION, "RFC 9110 §8.6, RFC 9112 §6.2")
NO_ECHO = RuleKind("credential kept", VIOLATION, "RFC 6750 §5.2, §5.3")
TIME = RuleKind("response time", ADVISORY, "--contract-max-response-time")
UNDOCUMENTED = RuleKind("undocumented properties", ADVISORY, "OpenAPI 3.1 §4.8.24")
PROSE = RuleKind("prose", ADVISORY, "the documentation in prose")

RULE_KINDS: tuple[RuleKind, ...] = (
    REQUIRED,
    NULLABILITY,
    TYPE,
    ENUM,
    CONST,
    FORMAT,
    PATTERN,
    BOUNDS,
    ITEMS,
    ADDITIONAL,
    UNION,
    SCHEMA,
    STRICT_JSON,
    UNIQUE_NAMES,
    STATUS,
    MEDIA_TYPE,
    HEADER,
    EDGE_ANSWER,
    FRAMING,
    CONTENT_ENCODING,
    AUTH,
    CHALLENGE,
    GIVEN,
    UNKNOWN,
    IDENTITY,
    METHOD,
    ALLOW,
    CONTENT_TYPE,
    CHARSET,
    CONTENT_LENGTH,
    NO_ECHO,
    TIME,
    UNDOCUMENTED,
    PROSE,
)

BY_NAME = {kind.name: kind for kind in RULE_KINDS}
