"""Places in a text, in every unit a client may count in: code points, bytes, UTF-16 units, lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from itertools import pairwise

from semsearch.records import Article, Place, Span


def places(article: Article, spans: Sequence[Span]) -> list[Place]:
    """Where each of the ascending, non-overlapping `spans` lies in its source.

    Lines end at LF, CR or CRLF, as in an editor; U+2028 and other separators do not end one.
    """
    cuts = [cut for span in spans for cut in (span.start, span.end)]
    # The last code point of a span has the span's last line even where it is a line end.
    seats = [seat for span in spans for seat in (span.start, max(span.start, span.end - 1))]
    text = article.text
    edges = zip(cuts, _byte_offsets(article, cuts), utf16_offsets(text, cuts), _line_numbers(text, seats), strict=True)
    return [
        Place(start, end, byte_start, byte_end, start_utf16, end_utf16, line_start, line_end)
        for (start, byte_start, start_utf16, line_start), (end, byte_end, end_utf16, line_end) in zip(
            edges, edges, strict=True
        )
    ]


def _pieces(text: str, cuts: Sequence[int]) -> Iterator[str]:
    """The stretches of `text` from its beginning to the first cut, and from each cut to the next."""
    for start, end in pairwise([0, *cuts]):
        yield text[start:end]


def _running(origin: int, lengths: Iterator[int]) -> Iterator[int]:
    for length in lengths:
        origin += length
        yield origin


def utf16_offsets(text: str, cuts: Sequence[int]) -> Iterator[int]:
    """Ascending code points of `text` as numbers of UTF-16 units, which JavaScript counts in."""
    if len(text.encode("utf-16-le")) == 2 * len(text):
        return iter(cuts)
    return _running(0, (len(piece.encode("utf-16-le")) // 2 for piece in _pieces(text, cuts)))


def _line_numbers(text: str, seats: Sequence[int]) -> Iterator[int]:
    """The line that each code point stands in. CR and LF stand in the line that they end together."""
    line, returns = 1, "\r" in text
    for start, end in pairwise([0, *seats]):
        line += text.count("\n", start, end)
        if returns:
            line += text.count("\r", start, end) - text.count("\r\n", start, end + 1)
        yield line


def _byte_offsets(article: Article, cuts: Sequence[int]) -> Iterator[int]:
    if article.raw is not None:
        return _walked_offsets(article.raw, article, cuts)
    return _running(article.byte_origin, (len(piece.encode(article.encoding)) for piece in _pieces(article.text, cuts)))


def _walked_offsets(raw: bytes, article: Article, cuts: Sequence[int]) -> Iterator[int]:
    """Byte offsets found by decoding the file one byte at a time: slow, and right for any stateless codec."""
    decoder = codecs.getincrementaldecoder(article.encoding)("strict")
    at, wanted = 0, iter(cuts)
    cut = next(wanted, None)
    for offset in range(article.byte_origin, len(raw) + 1):
        while cut is not None and at >= cut:
            yield offset
            cut = next(wanted, None)
        at += len(decoder.decode(raw[offset : offset + 1]))
