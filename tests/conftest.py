"""What several test modules share: a small archive in three languages, an index over it, a tiny transformer."""

from __future__ import annotations

import os
import runpy
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import semsearch

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""As in the command line and the service: two threads round differently, and nearly equal hits may change places."""

if "ASKED_BEYOND" not in os.environ:  # a process that a test has started is shut off already
    os.environ["ASKED_BEYOND"] = str(Path(tempfile.gettempdir()) / f"semsearch-tests-{os.getpid()}-asked")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "tests/shut"), os.environ.get("PYTHONPATH")]))
    runpy.run_path(str(ROOT / "tests/shut/sitecustomize.py"))
ASKED = Path(os.environ["ASKED_BEYOND"])
"""Where it is noted who asks for something beyond this machine: tests, and what they start."""

settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "dev")

ARTICLES = {
    "ko/normalization.txt": (
        "date 2025-06-22 한일 국교정상화 60년\n\n"
        "한국과 일본은 1965년 6월 22일 도쿄에서 기본조약과 네 개의 협정에 서명하고 국교를 정상화했다. "
        "협상은 14년이 걸렸다.\n\n"
        "서울 도심에서는 학생들이 굴욕 외교에 반대하며 거리로 나섰고 정부는 계엄령을 선포했다.\n"
    ),
    "en/pottery.txt": (
        "date 2019-03-02 Village keeps a kiln alive\n\n"
        "Potters in the mountain village fire their wood kiln twice a year, and the whole valley smells of pine "
        "smoke.\n\n"
        "The youngest apprentice is nineteen and came from the city to learn how to glaze tea bowls by hand.\n"
    ),
    "ja/quake.txt": (
        "date 2021-03-11 大震災から10年\n\n"
        "東日本大震災の津波で被災した沿岸の町では、防潮堤の建設と住宅の高台移転がほぼ終わった。\n\n"
        "語り部の女性は、修学旅行の生徒たちに、すぐに高い場所へ逃げるよう伝え続けている。\n"
    ),
}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where anything was asked of a network."""
    if ASKED.exists():
        print(f"\nasked of a network:\n{ASKED.read_text(encoding='utf-8')}")
        ASKED.unlink()
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def write(folder: Path, articles: dict[str, str]) -> Path:
    """Write articles under `folder`, which is returned."""
    for name, text in articles.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with one article in each language."""
    return write(tmp_path / "archive", ARTICLES)


@pytest.fixture
def built(archive: Path, tmp_path: Path) -> Path:
    """An index over `archive`, made with the bundled model."""
    folder = tmp_path / "index"
    semsearch.build([archive], folder)
    return folder


@pytest.fixture(scope="session")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An index over the sample archive; not to be written to."""
    folder = tmp_path_factory.mktemp("seeds") / "index"
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        semsearch.build(["seeds"], folder)
    finally:
        os.chdir(before)
    yield folder


@pytest.fixture(scope="session")
def tiny_transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real, tiny sentence-transformers model, made and saved here: two layers, random weights, no meaning."""
    torch = pytest.importorskip("torch")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(handle_chinese_chars=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(ARTICLES.values(), trainers.WordPieceTrainer(vocab_size=600, special_tokens=special))
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    )
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    base = tmp_path_factory.mktemp("base")
    BertModel(config).save_pretrained(base)
    fast.save_pretrained(base)
    encoder = Transformer(str(base), max_seq_length=64)
    model = SentenceTransformer(modules=[encoder, Pooling(32)], device="cpu")
    folder = tmp_path_factory.mktemp("tiny-model")
    model.save(str(folder), create_model_card=False)  # a card would ask the hub about the model below
    return folder
