"""Encodings, over real sentences: read right where declared, found out where not, and never read wrong.

The sentences are those of the model's training data and of the sample archive, in Korean, English and Japanese.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import cache

from semsearch.errors import Refused
from semsearch.readers.encodings import decode
from tests.conftest import ROOT
from tests.fuzz import Figures

ENCODINGS = {
    "utf-8": ("ko", "en", "ja", "mixed"),
    "utf-16-le": ("ko", "ja", "mixed"),
    "utf-16-be": ("ko", "ja", "mixed"),
    "cp949": ("ko",),
    "euc_kr": ("ko",),
    "cp932": ("ja",),
    "euc_jp": ("ja",),
}
"""The seven encodings of archives, and the texts that are written in each."""
LONG = 200
"""Characters from which detection must nearly always succeed."""
SHORT = (8, 12, 20, 40, 80, 120)
LEAST = 0.995


@cache
def sentences() -> dict[str, tuple[str, ...]]:
    """Sentences by language."""
    found: dict[str, list[str]] = {"en": [], "ko": [], "ja": []}
    for path in sorted((ROOT / "scripts/train/data").glob("news-sentences-*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for lang, text in zip(found, line.split("\t"), strict=False):
                found[lang].append(text)
    for lang, texts in found.items():
        for path in sorted((ROOT / "seeds" / lang).glob("*.txt")):
            texts += [part for part in path.read_text(encoding="utf-8").split("\n\n")[1:] if part.strip()]
    return {lang: tuple(texts) for lang, texts in found.items()}


def article(lang: str, encoding: str, length: int, rng: random.Random) -> str:
    """A text of at least `length` characters as far as `encoding` has them, of sentences in one language or all."""
    pool, parts, size = sentences(), [], 0
    while size < length:
        part = rng.choice(pool[rng.choice(("ko", "ja", "en")) if lang == "mixed" else lang])
        part = part.encode(encoding, "ignore").decode(encoding)
        parts.append(part)
        size += len(part) + 1
    return rng.choice((" ", "\n\n", "\r\n")).join(parts)


def run(count: int, seed: int = 0, say: Callable[[str], None] = lambda _: None) -> Figures:
    """Write `count` texts in each encoding and read them, declared and not; then pieces too short to be sure."""
    figures, rng = Figures("encodings"), random.Random(seed)
    totals: Counter[str] = Counter()
    for encoding, langs in ENCODINGS.items():
        own: Counter[str] = Counter()
        for number in range(count):
            text = article(langs[number % len(langs)], encoding, LONG, rng)
            raw = text.encode(encoding)
            own["declared"] += 1
            own["declared right"] += _read(raw, encoding) == text
            _judge(own, figures, encoding, text, "long")
            at = rng.randrange(len(text))
            piece = text[at : at + rng.choice(SHORT)]
            if piece.strip():
                _judge(own, figures, encoding, piece, "short")
        totals += own
        say(f"{encoding}: " + ", ".join(f"{name} {value:,}" for name, value in sorted(own.items())))
        if own["long right"] < LEAST * own["long"]:
            figures.failures.append(f"{encoding}: {own['long right']} of {own['long']} long texts were found out")
    if totals["declared right"] != totals["declared"]:
        figures.failures.append(f"{totals['declared'] - totals['declared right']} declared texts were not read right")
    figures.tried = totals["declared"]
    figures.told = {
        "declared right": f"{totals['declared right'] / totals['declared']:.2%}",
        f"detected from {LONG} characters": f"{totals['long right'] / totals['long']:.2%}",
        "detected in shorter pieces": f"{totals['short right'] / max(1, totals['short']):.1%}",
        "the others refused; read wrong": str(totals["wrong"]),
    }
    return figures


def _judge(own: Counter[str], figures: Figures, encoding: str, text: str, kind: str) -> None:
    """Count a text that nothing is declared of: found out, refused, or, which is a failure, read wrong."""
    got = _read(text.encode(encoding), None)
    own[kind] += 1
    own[f"{kind} right"] += got == text
    if got not in (None, text):
        own["wrong"] += 1
        figures.failures.append(
            f"{encoding}, nothing declared, {len(text)} characters: {text[:40]!r} became {got[:40]!r}"
        )


def _read(raw: bytes, declared: str | None) -> str | None:
    try:
        return decode(raw, declared).text
    except Refused:
        return None
