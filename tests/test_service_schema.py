"""The description of the HTTP API is true: whatever is sent to a live service, it answers as /openapi.json says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.serving import FULL, PATIENCE, ROUTES, Service, serving

schemathesis = pytest.importorskip("schemathesis")
GenerationMode = schemathesis.GenerationMode

EXAMPLES = 500 if FULL else 25
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
)  # fmt: skip


@pytest.fixture(scope="module")
def service(seeds_index: Path) -> Iterator[Service]:
    with serving(seeds_index) as service:
        yield service


@pytest.fixture(scope="module")
def description(service: Service) -> Any:
    return schemathesis.openapi.from_url(f"{service.url}/openapi.json")


def test_the_description_is_valid_openapi(description: Any) -> None:
    description.validate()


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_whatever_fits_the_description_is_answered_as_described(description: Any, method: str, path: str) -> None:
    send(description[path][method], GenerationMode.POSITIVE)


@pytest.mark.parametrize(
    ("method", "path"),
    sorted(route for route in ROUTES if route[1].count("/v1/") and route[1] not in ("/v1/info", "/v1/map")),
)
def test_whatever_does_not_fit_is_answered_as_described(description: Any, method: str, path: str) -> None:
    send(description[path][method], GenerationMode.NEGATIVE)


def send(operation: Any, mode: Any) -> None:
    """Send what may be sent or, with the other mode, what may not; the same every time."""
    checks = [getattr(schemathesis.checks, name) for name in CHECKS]

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        case.call_and_validate(checks=checks, timeout=PATIENCE)

    sent()
