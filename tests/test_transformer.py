"""Any sentence-transformers model: a tiny real one, made by the test, from loading to an answered query."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.embedders.registry import KNOWN, known_model
from semsearch.embedders.transformer import TransformerModel
from semsearch.errors import ModelMismatch, ModelUnavailable

TEXTS = ["한국과 일본은 국교를 정상화했다", "Potters fire their kiln", "津波で被災した町"]


def test_vectors_are_unit_rows_whatever_the_batch(tiny_transformer: Path) -> None:
    one_by_one = TransformerModel(str(tiny_transformer), device="cpu", batch_size=1).embed_passages(TEXTS)
    together = TransformerModel(str(tiny_transformer), device="cpu").embed_passages(TEXTS)
    assert together.shape == (3, 32)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(one_by_one, together, atol=1e-4)


def test_prompts_given_go_before_every_text(tiny_transformer: Path) -> None:
    bare = TransformerModel(str(tiny_transformer), device="cpu")
    prompted = TransformerModel(str(tiny_transformer), device="cpu", query_prompt="query: ", passage_prompt="")
    assert not np.allclose(bare.embed_queries(TEXTS), prompted.embed_queries(TEXTS), atol=1e-3)
    by_hand = bare.embed_queries([f"query: {text}" for text in TEXTS])
    assert np.allclose(prompted.embed_queries(TEXTS), by_hand, atol=1e-4)
    assert np.allclose(prompted.embed_passages(TEXTS), bare.embed_passages(TEXTS), atol=1e-4)
    assert prompted.fingerprint.space != bare.fingerprint.space


def test_prompts_of_the_models_own_configuration_are_used(tiny_transformer: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_transformer, tmp_path / "own")
    path = folder / "config_sentence_transformers.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, "prompts": {"query": "ask: ", "document": "text: "}}), encoding="utf-8")
    assert TransformerModel(str(folder), device="cpu").fingerprint.query_prompt == "ask: "
    assert TransformerModel(str(folder), device="cpu").fingerprint.passage_prompt == "text: "


def test_prompts_of_the_registry_serve_a_folder_named_after_the_model(tiny_transformer: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_transformer, tmp_path / "multilingual-e5-small")
    assert TransformerModel(str(folder), device="cpu").fingerprint.passage_prompt == "passage: "


def test_every_name_of_the_registry_finds_its_own_entry() -> None:
    assert [known_model(model.name) for model in KNOWN] == list(KNOWN)


def test_context_goes_before_the_passage(tiny_transformer: Path) -> None:
    model = TransformerModel(str(tiny_transformer), device="cpu")
    with_context = model.embed_passages(["津波"], ["2021-03-11 大震災"])
    assert np.allclose(with_context, model.embed_passages(["2021-03-11 大震災\n津波"]), atol=1e-5)


def test_fingerprint_tells_weights_apart_and_not_folders(tiny_transformer: Path, tmp_path: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    moved = shutil.copytree(tiny_transformer, tmp_path / "moved")
    changed = SentenceTransformer(str(tiny_transformer), device="cpu")
    with torch.no_grad():
        next(changed.parameters())[0, 0] += 1
    changed.save(str(tmp_path / "changed"), create_model_card=False)
    original = TransformerModel(str(tiny_transformer), device="cpu").fingerprint
    assert TransformerModel(str(moved), device="cpu").fingerprint.space == original.space
    assert TransformerModel(str(tmp_path / "changed"), device="cpu").fingerprint.space != original.space


def test_build_and_query_with_it(tiny_transformer: Path, archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    report = semsearch.build([archive], folder, str(tiny_transformer))
    with semsearch.open(folder) as index:
        assert index.info()["model"]["dimension"] == 32
        text = "東日本大震災の津波で被災した沿岸の町では、防潮堤の建設と住宅の高台移転がほぼ終わった。"
        hits = index.query(text, k=report.passages)
        assert len(hits) == report.passages
        assert {hit.passage.lang for hit in hits} == {"ko", "en", "ja"}


def test_explain_marks_the_nearest_sentence(tiny_transformer: Path, archive: Path, tmp_path: Path) -> None:
    semsearch.build([archive], tmp_path / "index", str(tiny_transformer))
    first = "한국과 일본은 1965년 6월 22일 도쿄에서 기본조약과 네 개의 협정에 서명하고 국교를 정상화했다."
    second = "협상은 14년이 걸렸다."
    with semsearch.open(tmp_path / "index") as index:
        for question in (first, second):
            hits = index.query(question, k=6, lang="ko", explain=True)
            passage, marks = next((hit.passage, hit.highlights) for hit in hits if second in hit.passage.text)
            query = index.embedder.embed_queries([question])[0]
            nearest = int((index.embedder.embed_passages([first, second]) @ query).argmax())
            assert [passage.text[mark.start : mark.end].strip() for mark in marks] == [(first, second)[nearest]]


def test_switching_the_model_embeds_everything_again(tiny_transformer: Path, archive: Path, built: Path) -> None:
    with semsearch.open(built) as before:
        ids = {passage.id for passage in before}
    for path in archive.rglob("*.txt"):
        path.unlink()  # what is embedded again comes from the database
    (archive / "new.txt").write_text("date 2024-01-01 New\n\nA new paragraph about semiconductors in the valley.\n")
    report = semsearch.build([archive / "new.txt"], built, str(tiny_transformer))
    assert report.embedded == report.passages == len(ids) + 1
    with semsearch.open(built) as after:
        assert ids < {passage.id for passage in after}
        assert after.query("kiln", k=1)


def test_another_model_than_the_indexs_is_refused_with_both_sides(tiny_transformer: Path, built: Path) -> None:
    with semsearch.open(built, model=str(tiny_transformer)) as index, pytest.raises(ModelMismatch) as refused:
        index.query("kiln")
    assert "bundled" in str(refused.value)
    assert str(tiny_transformer) in str(refused.value)


@pytest.mark.parametrize("name", ["./no-such-folder", "intfloat/multilingual-e5-small", "no-such-name"])
def test_without_a_hub_one_clear_error(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelUnavailable) as refused:
        TransformerModel(name)
    assert name in str(refused.value)
    assert "bundled" in str(refused.value)
    assert "\n" not in str(refused.value)
