"""Embedding in a second process: the same vectors, whatever becomes of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import pytest

from semsearch.embedders.bundled import BundledModel
from semsearch.embedders.pipeline import Pipeline

TEXTS = [f"{number}번째 문단: 한국과 일본 Paragraph 段落 😀 \n\t {number}" for number in range(40)]
CONTEXTS = [f"2025-06-{number % 28 + 1:02} 기사" if number % 3 else "" for number in range(40)]
pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="with one core there is no second process")


def batches(pipeline: Pipeline, between: Callable[[int], None]) -> np.ndarray:
    """Every vector of TEXTS, in batches of 4; `between` is called after each `submit`."""
    parts = []
    for start in range(0, len(TEXTS), 4):
        pipeline.submit(TEXTS[start : start + 4], CONTEXTS[start : start + 4])
        between(start)
        parts.append(pipeline.result()[0])
    return np.concatenate(parts)


def until_ready(pipeline: Pipeline) -> None:
    """Wait for the second process."""
    helper = pipeline._helper
    while helper and helper.poll() is None and not pipeline._is_ready(helper):
        time.sleep(0.01)


def test_second_process_gives_the_same_vectors() -> None:
    model = BundledModel(truncate_dim=128)
    sent = []

    def wait(_: int) -> None:
        sent.append(pipeline._sent)
        until_ready(pipeline)

    with Pipeline(model, enough=4) as pipeline:
        vectors = batches(pipeline, wait)
        helper = pipeline._helper
    assert sent == [False, False] + [True] * 8
    np.testing.assert_array_equal(vectors, model.embed_passages(TEXTS, CONTEXTS))
    assert helper is not None and helper.poll() is not None


@pytest.mark.parametrize("stop", [12, 16])
def test_killed_second_process_loses_nothing(stop: int) -> None:
    model = BundledModel()

    def kill(start: int) -> None:
        until_ready(pipeline)
        if start == stop and pipeline._helper:
            pipeline._helper.kill()
            pipeline._helper.wait()

    with Pipeline(model, enough=0) as pipeline:
        vectors = batches(pipeline, kill)
    np.testing.assert_array_equal(vectors, model.embed_passages(TEXTS, CONTEXTS))


def test_other_models_stay_in_the_process() -> None:
    class Other(BundledModel):
        pass

    with Pipeline(Other(), enough=0) as pipeline:
        batches(pipeline, lambda _: None)
        assert pipeline._helper is None


def test_few_passages_start_no_process() -> None:
    with Pipeline(BundledModel()) as pipeline:
        batches(pipeline, lambda _: None)
        assert pipeline._helper is None
