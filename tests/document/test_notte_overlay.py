"""The overlay that goes with Notte's document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contracts.document import Spec, load_spec
from contracts.document.model import described_by

NOTTE = Path(__file__).parents[2] / "spec" / "notte.yaml"
KEY = "GET /sessions/{session_id}"
DURATION = "/components/schemas/SessionResponse/properties/duration"


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load_spec(NOTTE)


def accepts_duration(spec: Spec, text: str) -> bool:
    schema: dict[str, Any] = spec.document.at(DURATION)
    return jsonschema_rs.validator_for(schema).is_valid(text)


@pytest.mark.parametrize(
    "text",
    ["PT1H3S", "P1Y35D", "-PT5S", "PT41.286072S", "P3DT1H", "PT0S", "P0D", "P1DT2M3S", "PT1H2M", "P2W", "P1M2D"],
)
def test_duration_takes_what_the_service_writes(spec: Spec, text: str) -> None:
    assert accepts_duration(spec, text)


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "41.28", "0:00:41", "PT5", "PT1H\n", "PT1S1H", "PT1.5H", "pt1s", "P1Y2W", "PT.5S", "xPT1S"],
)
def test_duration_refuses_what_is_no_duration(spec: Spec, text: str) -> None:
    assert not accepts_duration(spec, text)


@pytest.mark.parametrize("status", [401, 403, 404, 429])
def test_documented_elsewhere_is_documented_here(spec: Spec, status: int) -> None:
    response = spec.by_key[KEY].response(status)
    assert response is not None
    media = described_by(response.content, "application/json")
    assert media is not None
    assert media.schema is not None
    assert spec.document.resolve(media.schema.pointer) == "/components/schemas/ErrorResponse"


def test_500_stays_undocumented(spec: Spec) -> None:
    assert spec.by_key[KEY].response(500) is None


def test_a_401_carries_a_challenge(spec: Spec) -> None:
    response = spec.by_key[KEY].response(401)
    assert response is not None
    assert [(header.name, header.required) for header in response.headers] == [("WWW-Authenticate", True)]


@pytest.mark.parametrize(
    "body", [{"error": {"code": 1}}, {"detail": "no"}, {"detail": [{}], "status": 404}, {}, {"message": "x", "new": 1}]
)
def test_error_body_promises_an_object_only(spec: Spec, body: dict[str, Any]) -> None:
    assert jsonschema_rs.validator_for(spec.document.at("/components/schemas/ErrorResponse")).is_valid(body)


def test_what_the_overlay_wrote_is_found_in_the_overlay(spec: Spec) -> None:
    source = spec.document.source(f"{DURATION}/pattern")
    assert Path(source.file).name == "notte.overlay.yaml"
    assert "pattern:" in Path(source.file).read_text("utf-8").splitlines()[source.line - 1]


def test_what_upstream_wrote_is_found_upstream(spec: Spec) -> None:
    source = spec.document.source("/components/schemas/SessionResponse/properties/status/enum")
    assert (Path(source.file).name, source.line) == ("notte.yaml", 134)


def test_every_action_says_why(spec: Spec) -> None:
    import yaml

    overlay = yaml.safe_load((NOTTE.parent / "notte.overlay.yaml").read_text("utf-8"))
    assert all(action["description"] for action in overlay["actions"])
