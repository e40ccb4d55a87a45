"""Every reader over mutated files, and what comes behind it: chunker, places, language, index words.

Two ways of choosing files: atheris, which sees which lines of the readers ran and goes where none have been, and
without it a mutator that changes a small corpus at random. `python -m tests.fuzz.readers` is what atheris runs in.
"""

from __future__ import annotations

import importlib.util
import io
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from tests.fuzz import Figures

NAMES = ("a.txt", "a.md", "a.html", "a.xhtml", "a.json", "a.jsonl")
DECLARED = (
    None,
    None,
    None,
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "utf-32-le",
    "cp949",
    "cp932",
    "euc-jp",
    "johab",
    "cp1252",
)
_TOKENS = (
    *(b"<div>", b"</div>", b"<p>", b"<article>", b"<!--", b"-->", b"<script type='application/ld+json'>"),
    *(b"</script>", b'"datePublished":"2024-01-01"', b"<meta charset=euc-kr>", b"<title>", b"<html lang=ja>", b"&#x"),
    *(b"&amp;", b"]]>", b"---\n", b"title: ", b"date: 2024-02-30\n", b"# ", b"```\n", b"date 2024-01-01 ", b"\r\n"),
    *(b"\r", b"\n\n", b"\0", b"{", b"}", b"[", b"]", b'"text"', b":", b",", b'"', b"\\u", b"\\ud800", b"1e999", b"-"),
    *(b"null", b"NaN", b"true", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1b$B", b"\x8f\xa1", b"\xa1\xa1"),
    *(b"\x81\x40", b"PK\x03\x04", b"\x1f\x8b", "한국은 ".encode(), "日本の".encode(), "は\u3099".encode()),
    *("\u0301".encode(), "\u200d".encode(), "😀".encode(), "。」と".encode(), "다.".encode(), b"U.S. "),
)  # fmt: skip
_KOREAN = "한국과 일본은 1965년 6월 22일 도쿄에서 기본조약에 서명하고 국교를 정상화했다. 협상은 14년이 걸렸다."
_JAPANESE = "東日本大震災の津波で被災した沿岸の町では、防潮堤の建設と住宅の高台移転がほぼ終わった。「はい」と話した。"
_ENGLISH = "Potters in the mountain village fire their wood kiln twice a year. The U.S. said so on Jan. 5."
_BODY = f"{_KOREAN}\n\n{_JAPANESE}\n\n{_ENGLISH}\n"
_HEAD = (
    '<html lang="ko"><head><meta charset="utf-8"><title>표제</title><meta property="og:title" content="Headline">'
    '<script type="application/ld+json">{"datePublished": "2024-05-06"}</script></head>'
)
_PAGE = (
    f'{_HEAD}<body><nav><a href="/">x</a></nav><main><article id="a"><h1>표제</h1><p>{_KOREAN}</p>'
    f"<p>{_JAPANESE}<br><br>{_ENGLISH}</p><pre> a\n b </pre></article></main>"
    "<div class='comments'>no</div></body></html>"
)
_RECORD = f'{{"text": "{_KOREAN}\\n\\n{_ENGLISH}", "title": "t", "date": "2024-01-02", "lang": "ko", "id": 7, "url": "http://x"}}'


def corpus() -> list[bytes]:
    """Good files of each kind; the first byte chooses the name, the second what is declared, as in `check`."""
    files = {
        0: [f"date 2024-01-01 표제\n\n{_BODY}", f"표제\n\n{_BODY}", _ENGLISH],
        1: [
            f"---\ntitle: '표제'\ndate: 2024-01-01\nlang: ko\n---\n\n# H\n\n{_BODY}",
            f"Title\n=====\n\n```\n{_BODY}```\n",
        ],
        2: [_PAGE, f"<p>{_KOREAN}<p>{_ENGLISH}"],
        3: [f'<?xml version="1.0" encoding="utf-8"?>{_PAGE}'],
        4: [f"[{_RECORD}, {_RECORD}]", f'{{"articles": [{_RECORD}]}}', _RECORD],
        5: [f"{_RECORD}\n{_RECORD}\n", f"\n{_RECORD}"],
    }
    found = []
    for name, texts in files.items():
        for text in texts:
            for number, encoding in enumerate(DECLARED):
                raw = text.encode(encoding or ("utf-8", "utf-16", "cp949")[number % 3], "ignore")
                found.append(bytes([name, number]) + raw)
    return found


def check(data: bytes) -> None:
    """Read `data` as a file: it is refused by name, or all that is promised of its articles holds."""
    from semsearch.analysis import index_words
    from semsearch.chunking import ParagraphChunker
    from semsearch.errors import Refused
    from semsearch.languages import detect
    from semsearch.offsets import places
    from semsearch.readers import reader_for
    from semsearch.readers.limits import limited
    from semsearch.records import Article, ReadOptions

    if len(data) < 2:
        return
    name, declared = NAMES[data[0] % len(NAMES)], DECLARED[data[1] % len(DECLARED)]
    raw = data[2:]
    chunk = ParagraphChunker((400, 3)[data[1] // len(DECLARED) % 2], _count_tokens)
    try:
        for item in limited(reader_for(name)(io.BytesIO(raw), ReadOptions(encoding=declared))):
            if not isinstance(item, Article):
                assert item.kind
                assert len(item.reason.splitlines()) == 1
                continue
            assert item.text.strip()
            assert item.date is None or isinstance(item.date, date)
            assert item.lang in (None, "ko", "en", "ja")
            assert all(
                value is None or value.encode() is not None for value in (item.title, item.url, item.external_id)
            )
            spans = chunk(item)
            for place in places(item, spans):
                text = item.text[place.start : place.end]
                assert text.strip()
                assert place.line_start <= place.line_end
                if item.locator is None:
                    assert raw[place.byte_start : place.byte_end].decode(item.encoding) == text
                index_words(text)
                detect(text)
    except Refused as refused:
        assert refused.kind
        assert len(refused.reason.splitlines()) == 1


def _count_tokens(text: str) -> int:
    return len(_WORD.findall(text))


_WORD = re.compile(r"[A-Za-z]{1,4}|\d|\S")


def mutated(corpus: Sequence[bytes], rng: random.Random) -> bytes:
    """A file of the corpus, changed in one to six ways."""
    data = bytearray(rng.choice(corpus))
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.choice((1, 2, 8, 64, 500)))
        kind = rng.randrange(8)
        if kind == 0:
            data[at:at] = rng.choice(_TOKENS) * rng.choice((1, 1, 1, 3, 40))
        elif kind == 1:
            del data[at:end]
        elif kind == 2 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            data[at:at] = data[at:end] * rng.choice((1, 2, 30))
        elif kind == 4:
            other = rng.choice(corpus)
            data[at:end] = other[rng.randrange(len(other)) :][: rng.choice((4, 40, 400))]
        elif kind == 5:
            data[at:end] = rng.randbytes(end - at)
        elif kind == 6:
            data[at:end] = rng.choice(_TOKENS)
        elif len(data) > 1:
            data[rng.randrange(2)] = rng.randrange(256)
    return bytes(data[: 1 << 15])


def run(
    count: int = 0,
    seed: int = 0,
    seconds: float = 0.0,
    say: Callable[[str], None] = lambda _: None,
    guided: bool = False,
) -> Figures:
    """Read `count` mutated files, or as many as fit into `seconds`; `guided` by atheris where it is installed."""
    if guided and importlib.util.find_spec("atheris"):
        return _run_atheris(seed, seconds, say)
    figures, rng, good = Figures("readers"), random.Random(seed), corpus()
    started, slowest = time.monotonic(), 0.0
    while figures.tried < count or time.monotonic() - started < seconds:
        data = mutated(good, rng)
        began = time.monotonic()
        try:
            check(data)
        except Exception as error:  # whatever a reader raises but Refused is a crash
            figures.failures.append(f"{type(error).__name__}: {str(error)[:100]}: {data[:200]!r}")
        slowest = max(slowest, time.monotonic() - began)
        figures.tried += 1
    figures.told = {"by": "random mutation", "slowest": f"{slowest:.2f} s"}
    return figures


def _run_atheris(seed: int, seconds: float, say: Callable[[str], None]) -> Figures:
    figures = Figures("readers")
    with tempfile.TemporaryDirectory() as scratch:
        for number, data in enumerate(corpus()):
            (Path(scratch) / f"{number}").write_bytes(data)
        (Path(scratch) / "found").mkdir()
        words = ("".join(f"\\x{byte:02x}" for byte in token) for token in _TOKENS)
        (Path(scratch) / "found/words").write_text("".join(f'"{word}"\n' for word in words))
        command = [sys.executable, "-m", "tests.fuzz.readers", scratch, str(seed), str(int(seconds))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout
            lines = list(map(str.rstrip, process.stdout))
        for line in lines:
            if found := re.search(r"stat::number_of_executed_units:\s+(\d+)", line):
                figures.tried = int(found[1])
            if found := re.search(r"stat::slowest_unit_time_sec:\s+(\d+)", line):
                figures.told["slowest"] = f"under {int(found[1]) + 1} s"
        covered = [found[1] for line in lines if (found := re.search(r"cov: (\d+)", line))]
        if process.returncode:
            figures.failures.append("\n".join(lines[-40:]))
        figures.told |= {"by": "atheris", "edges covered": covered[-1] if covered else "unknown"}
        say("\n".join(lines[-12:]))
    return figures


def _fuzz(folder: str, seed: str, seconds: str) -> None:
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["semsearch"]):
        import semsearch.analysis
        import semsearch.chunking
        import semsearch.languages
        import semsearch.offsets
        import semsearch.readers
        import semsearch.readers.limits  # noqa: F401
    limits = [
        f"-max_total_time={seconds}",
        f"-seed={int(seed) + 1}",
        "-max_len=16384",
        "-timeout=60",
        "-rss_limit_mb=3000",
    ]
    places_ = [f"-artifact_prefix={folder}/found/", f"-dict={folder}/found/words", "-print_final_stats=1", folder]
    atheris.Setup([sys.argv[0], *limits, *places_], check)
    atheris.Fuzz()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    _fuzz(*sys.argv[1:4])
