"""The model inside the package: shapes, determinism, offsets, and meaning across languages."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

import semsearch
from semsearch.cli import main
from semsearch.embedders.bundled import DATA, FILES, BundledModel, digest
from semsearch.embedders.subwords import Subwords
from semsearch.errors import UsageError
from tests.conftest import SEEDS

PAIRS = [
    ("The central bank raised interest rates.", "중앙은행이 기준금리를 인상했다.", "中央銀行が金利を引き上げた。"),
    ("Heavy rain caused flooding in the city.", "폭우로 도시가 침수됐다.", "大雨で街が浸水した。"),
    (
        "The two leaders held a summit in Seoul.",
        "두 정상이 서울에서 정상회담을 했다.",
        "両首脳がソウルで首脳会談を行った。",
    ),
    ("A new vaccine was approved.", "새 백신이 승인됐다.", "新しいワクチンが承認された。"),
    ("The baseball team won the championship.", "야구팀이 우승했다.", "野球チームが優勝した。"),
    (
        "Police arrested a suspect in the fraud case.",
        "경찰이 사기 사건 용의자를 체포했다.",
        "警察が詐欺事件の容疑者を逮捕した。",
    ),
    ("Semiconductor exports rose last month.", "지난달 반도체 수출이 늘었다.", "先月、半導体の輸出が増加した。"),
    ("The birth rate fell to a record low.", "출산율이 사상 최저로 떨어졌다.", "出生率が過去最低に落ち込んだ。"),
]


@pytest.fixture(scope="module")
def model() -> BundledModel:
    return BundledModel()


def test_rows_are_float32_of_unit_length(model: BundledModel) -> None:
    vectors = model.embed_passages([text for row in PAIRS for text in row])
    assert vectors.shape == (len(PAIRS) * 3, model.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows(model: BundledModel) -> None:
    assert model.embed_passages([]).shape == (0, model.dimension)
    assert model.embed_passages([], []).shape == (0, model.dimension)


def test_vectors_do_not_depend_on_the_batch(model: BundledModel) -> None:
    texts = [text * n for row in PAIRS for text in row for n in (1, 7, 40)]
    together = model.embed_passages(texts)
    alone = np.concatenate([model.embed_passages([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.array_equal(together, BundledModel().embed_passages(texts))
    assert np.array_equal(together, model.embed_queries(texts))


def test_a_batch_larger_than_the_token_bound_is_cut(model: BundledModel) -> None:
    long = "정부는 새로운 정책을 발표했다. " * 3000
    vectors = model.embed_passages([long, "짧다", long, long])
    assert np.allclose(vectors[0], vectors[2]) and not np.allclose(vectors[0], vectors[1])


@pytest.mark.parametrize("blank", ["", " \n\t", "\u3000"])
def test_blank_text_is_refused_by_index(model: BundledModel, blank: str) -> None:
    with pytest.raises(ValueError, match="text 300 is blank"):
        model.embed_passages(["ok"] * 300 + [blank])
    with pytest.raises(ValueError, match="text 0"):
        model.embed_queries([blank])


@pytest.mark.parametrize("strange", ["★", "…", "\u200b", "𓀀𓀁", "🙂", "Ω≈ç", "Привет", "\x00"])
def test_unknown_characters_give_a_finite_unit_vector(model: BundledModel, strange: str) -> None:
    vector = model.embed_queries([strange])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_contexts_move_a_passage_towards_the_headline(model: BundledModel) -> None:
    passage, headline = "그는 이날 사의를 표명했다.", "일본 총리 사임"
    plain = model.embed_passages([passage])
    told = model.embed_passages([passage], [headline])
    query = model.embed_queries(["Japanese prime minister resigns"])[0]
    assert told[0] @ query > plain[0] @ query
    assert np.linalg.norm(told) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(model.embed_passages([passage], [" "]), plain)
    with pytest.raises(ValueError, match="1 texts but 2 contexts"):
        model.embed_passages([passage], ["a", "b"])


@pytest.mark.parametrize("left, right", [(0, 1), (0, 2), (1, 2)])
def test_translations_are_nearest(model: BundledModel, left: int, right: int) -> None:
    scores = model.embed_queries([row[left] for row in PAIRS]) @ model.embed_passages([row[right] for row in PAIRS]).T
    assert (scores.argmax(1) == np.arange(len(PAIRS))).all()
    assert (scores.argmax(0) == np.arange(len(PAIRS))).all()


def test_offsets_point_into_the_original_text(model: BundledModel) -> None:
    text = "Tokyo의 総理大臣は 2024年, ABC."
    tokens = model.tokens(text)
    assert [t.start for t in tokens] == sorted(t.start for t in tokens)
    assert "".join(text[t.start : t.end] for t in tokens) == text.replace(" ", "")
    assert len(tokens) == model.count_tokens(text)


@pytest.mark.parametrize(
    "written",
    [unicodedata.normalize("NFD", "한국 정부가 발표했다"), "ﾆｯﾎﾟﾝ ｶﾞｲﾑｼｮｳ ﾊﾞｽ", "ＳＥＯＵＬ １２３", "㈱トヨタ ㌔"],
)
def test_offsets_of_decomposed_and_narrow_text(model: BundledModel, written: str) -> None:
    tokens = model.tokens(written)
    assert tokens and all(0 <= t.start < t.end <= len(written) for t in tokens)
    covered = {place for t in tokens for place in range(t.start, t.end)}
    assert all(char.isspace() or place in covered for place, char in enumerate(written))


def test_normal_forms_mean_the_same(model: BundledModel) -> None:
    for plain, written in (
        ("한국 정부", unicodedata.normalize("NFD", "한국 정부")),
        ("ガイムショウ", "ｶﾞｲﾑｼｮｳ"),
        ("seoul 123", "ＳＥＯＵＬ １２３"),
    ):
        assert np.allclose(*model.embed_queries([plain, written]), atol=1e-6)


def test_token_vectors_sum_to_the_embedding(model: BundledModel) -> None:
    for text in (text for row in PAIRS for text in row):
        total = model.token_vectors([t.id for t in model.tokens(text)]).sum(0)
        assert np.allclose(total / np.linalg.norm(total), model.embed_passages([text])[0], atol=1e-5)


def test_no_token_vector_is_nothing(model: BundledModel) -> None:
    vectors = model.token_vectors(range(model.card["vocabulary_size"]))
    assert np.isfinite(vectors).all()
    assert (np.linalg.norm(vectors, axis=1) > 0).all()


def test_card_and_digest_match_the_files(model: BundledModel) -> None:
    card = json.loads((DATA / "model.json").read_text(encoding="utf-8"))
    assert model.name == f"{card['name']}-{card['version']}"
    assert model.dimension == card["dimension"]
    assert card["licence"] == "CC-BY-SA-4.0"
    assert model.weights_sha256() == digest(DATA)
    assert sum(path.stat().st_size for path in DATA.iterdir()) <= 24_000_000


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.json"):
        BundledModel(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_bit_is_named(name: str, tmp_path: Path) -> None:
    for path in DATA.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = bytearray((tmp_path / name).read_bytes())
    for place in (0, len(content) // 2, len(content) - 1):
        content[place] ^= 1
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=name):
            BundledModel(tmp_path)
        content[place] ^= 1


def test_neither_torch_nor_faiss_is_loaded() -> None:
    code = (
        "import sys; from semsearch.embedders.bundled import BundledModel; "
        "BundledModel().embed_queries(['x']); print({'torch', 'faiss'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_truncated_model_gives_the_first_dimensions_brought_to_unit_length(model: BundledModel) -> None:
    texts = [text for row in PAIRS for text in row]
    whole, short = model.embed_passages(texts), BundledModel(truncate_dim=64).embed_passages(texts)
    assert short.shape == (len(texts), 64)
    first = whole[:, :64] / np.linalg.norm(whole[:, :64], axis=1, keepdims=True)
    assert np.allclose(short, first, atol=1e-5)


def test_more_dimensions_than_there_are_is_a_usage_error() -> None:
    assert semsearch.load_embedder(truncate_dim=64).dimension == 64
    with pytest.raises(UsageError, match="512 dimensions, 513"):
        semsearch.load_embedder(truncate_dim=513)
    with pytest.raises(UsageError, match="expected 1 or more"):
        semsearch.load_embedder(truncate_dim=0)


def test_an_index_remembers_how_many_dimensions_it_keeps(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "short"
    semsearch.build([archive], folder, truncate_dim=64)
    with semsearch.open(folder) as index:
        assert index.embedder.dimension == 64
        assert index.query("pottery kiln", k=1)[0].passage.lang == "en"
    assert semsearch.build([archive], folder).embedded == 0
    assert semsearch.build([archive], folder, truncate_dim=128).embedded == 6
    with pytest.raises(UsageError, match="dimensions"):
        semsearch.build([archive], folder, truncate_dim=1000)


WORDS = st.sampled_from((
    "서울에서", "大統領は", "Tokyo", "ガイムショウ", "ﾊﾞｽ", "e.g.", "3.14", "１２", "한국의", "…", "「平和」", "co-op",
    "don't", "①", "half½", "金大中氏", "〇一", "ㅋㅋ", "naïve", "İ", "ー", "々", "\u3000", "\x1c", "\u200b",
    "👩\u200d🚀", "\u1100\u1161", "#1", "a_b",
))  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=6), max_size=12).map("".join) | st.lists(WORDS, max_size=12).map(" ".join))
@example("2〇24年")
@example("ソウルの金浦空港でGSOMIAを…延長")
def test_remembered_words_give_the_tokens_of_the_whole_text(text: str) -> None:
    """The words are cut where the tokenizer cuts in any case, so each is looked up as if it stood alone.

    Left out: characters whose small letter depends on their neighbours, and such as are new in Unicode.
    """
    model = shared_model()
    plain = unicodedata.normalize("NFKC", text).lower()
    if "Σ" in text or any(unicodedata.category(char) in ("Cn", "Cs") for char in text):
        return
    whole = model.subwords.tokenizer.encode(plain, add_special_tokens=False).ids
    assert model.subwords.ids([text])[0] == whole


@given(st.lists(WORDS | st.text(max_size=6), max_size=12).map("".join) | st.lists(WORDS, max_size=12).map(" ".join))
@example("ソウルの金浦空港でGSOMIAを…延長")
@example("\u0130stanbul, ２０２４年（東京）")
def test_tokens_found_in_place_are_those_of_the_library(text: str) -> None:
    """Left out is what is left out above."""
    subwords = shared_model().subwords
    if "Σ" in text or any(unicodedata.category(char) in ("Cn", "Cs") for char in text):
        return
    found = subwords._tokens_in_place(text)
    assert found is None or found == subwords._tokens_by_library(text)


def test_most_text_needs_no_library_for_its_places(model: BundledModel) -> None:
    paragraphs = [text for path in SEEDS.rglob("*.txt") for text in path.read_text(encoding="utf-8").split("\n\n")]
    in_place = [text for text in paragraphs if model.subwords._tokens_in_place(text) is not None]
    assert len(in_place) > 0.9 * len(paragraphs)


def test_one_character_alone_gives_the_token_of_the_whole_tokenizer(model: BundledModel) -> None:
    tokenizer = model.subwords.tokenizer
    for code in [*range(0x20, 0x20000, 7), *map(ord, "뷁鬱𠮷ՠ")]:
        word = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(word) == 1 and not word.isspace() and not 0xD800 <= code < 0xE000:
            assert (cut := model.subwords.cut(word)) == () or list(cut) == tokenizer.encode(word).ids, hex(code)


@cache
def shared_model() -> BundledModel:
    return BundledModel()


def test_forgetting_words_changes_nothing(model: BundledModel) -> None:
    forgetful, mindful = Subwords(DATA, remembered=3), model.subwords
    texts = [text for row in PAIRS for text in row]
    for _ in range(2):
        assert [forgetful.ids([text]) for text in texts] == [mindful.ids([text]) for text in texts]
    assert len(forgetful._known) <= 3


def test_sentence_transformers_loads_the_exported_model_and_gives_the_same_vectors(
    model: BundledModel, tmp_path: Path
) -> None:
    folder = tmp_path / "exported"
    done = CliRunner().invoke(main, ["models", "--export", str(folder)])
    assert done.exit_code == 0
    from sentence_transformers import SentenceTransformer

    texts = [text for row in PAIRS for text in row]
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts)
    assert np.allclose(theirs, model.embed_passages(texts), atol=1e-5)
    ours = semsearch.load_embedder(str(folder), device="cpu", truncate_dim=64)
    assert np.allclose(ours.embed_queries(texts), BundledModel(truncate_dim=64).embed_queries(texts), atol=1e-5)
    again = CliRunner().invoke(main, ["models", "--export", str(folder)])
    assert again.exit_code == 2
    assert "not empty" in again.stderr


def test_few_texts_and_many_get_the_same_vectors() -> None:
    texts = [f"문장 {number} about 記事 {number}" for number in range(100)]
    few, many = BundledModel(), BundledModel()
    many.embed_passages(texts * 120)  # more rows than the table has
    alone = np.concatenate([few.embed_passages([text]) for text in texts])
    assert np.array_equal(alone, many.embed_passages(texts))  # the table is unpacked whole for many, by rows for few
    assert np.array_equal(few.token_vectors(range(1000)), many.token_vectors(range(1000)))
