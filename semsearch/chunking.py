"""From an article to passages: one paragraph, one passage, unless it is too long or too short.

The rules, in order:

1. Paragraphs are separated by blank lines (a line of nothing but white space is blank) or by U+2029. Inside a
   fenced block (between two lines that begin with three backquotes and hold no others) it separates nothing.
2. A body without any blank line, of three lines or more of which at least two thirds end like a sentence, holds
   one paragraph a line; otherwise its line breaks are taken for wrapping.
3. A paragraph narrower than `short_width` columns (a heading, a byline) and a Markdown heading join the
   paragraph that follows, the last one the paragraph before, where the two stay within the budget or that
   paragraph is divided anyway.
4. A paragraph of more than `budget` tokens is divided at sentence ends, as many sentences to a passage as fit;
   a sentence that alone is too long is cut at clause marks, else at spaces, else between two characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from semsearch.errors import UsageError
from semsearch.graphemes import last_edge, narrower, safe_edge
from semsearch.records import Article, Span
from semsearch.sentences import sentence_ends
from semsearch.settings import SHORT_WIDTH

_NEWLINE = r"(?:\r?\n|\r(?!\n))"
_BLANK = re.compile(rf"[\n\r\u2029](?:(?<=\u2029)|(?:(?<=\r)\n)?+(?:[^\S\r\n]*+{_NEWLINE})++)")
"""Begins with a set of letters, which `re` looks for four times as fast as for alternatives. Possessive, or a million
blank lines would take 200 MB."""
_LINE_END = re.compile(_NEWLINE)
_FENCE = re.compile(r"(?:^|(?<=\r)) {0,3}`{3,}[^`\r\n]*(?=[\r\n]|\Z)", re.MULTILINE)
_HEADING = re.compile(r"#{1,6}[ \t]+[^\r\n]+\Z")
_SENTENCE_LIKE = re.compile(r"""[.!?。！？｡．…]["'”’」』）)\]｣]*\Z""")
_CLAUSE_END = re.compile(r"""[,;:)\]]["'”’]*\s+|[、，；：､—–…」』）｣]["'”’]*\s*""")
_SPACE = re.compile(r"\s+")
_MAX_CHARS_PER_TOKEN = 16
"""A text longer than this times the budget is taken for too long without counting its tokens."""
_MAX_CHARS_PER_COLUMN = 4
"""Decomposed letters take several characters a column; a text longer than this is not measured."""
_DENSE = ("대한민국은", "뷁", "日本国憲法", "鬱", "ひらがな", "カタカナ", "government", "𠮷")
"""Words that show how many tokens a model makes of a character: bytes or jamo are more than one. The last has four
bytes, as an emoji has, but is old enough that no tokenizer must be set up for it."""


@dataclass(frozen=True, slots=True)
class ParagraphChunker:
    """A `protocols.Chunker`. `budget` is in tokens as `count_tokens` counts them, `short_width` in columns.

    Raises `UsageError` for a budget below 1. Takes time linear in the text.
    """

    budget: int
    count_tokens: Callable[[str], int]
    short_width: int = SHORT_WIDTH.default
    surely_fits: int = field(init=False, repr=False)
    """Characters up to which a text is within the budget without counting its tokens."""

    def __post_init__(self) -> None:
        if self.budget < 1:
            raise UsageError(f"a passage budget of {self.budget} tokens holds nothing; give at least 1")
        most = max(-(-self.count_tokens(word) // len(word)) for word in _DENSE)
        object.__setattr__(self, "surely_fits", self.budget // max(1, most))

    def __call__(self, article: Article) -> Sequence[Span]:
        """Ascending, non-overlapping spans behind `article.body_start` that leave out nothing but white space."""
        text = article.text
        joined = self._join_short(text, paragraphs(text, article.body_start))
        return [passage for paragraph in joined for passage in self._divide(text, paragraph)]

    def _fits(self, text: str, span: Span) -> bool:
        length = span.end - span.start
        if length <= self.surely_fits:
            return True
        if length > self.budget * _MAX_CHARS_PER_TOKEN:
            return False
        return self.count_tokens(text[span.start : span.end]) <= self.budget

    def _is_short(self, text: str, span: Span) -> bool:
        if text[span.start] == "#" and _HEADING.match(text, span.start, span.end):
            return True
        might_be = span.end - span.start <= self.short_width * _MAX_CHARS_PER_COLUMN
        return might_be and narrower(text[span.start : span.end], self.short_width)

    def _join_short(self, text: str, spans: Sequence[Span]) -> list[Span]:
        done: list[Span] = []
        waiting: Span | None = None
        for span in spans:
            current = span
            if waiting is not None:
                both = Span(waiting.start, span.end)
                if self._fits(text, both) or not self._fits(text, span):
                    current = both
                else:
                    done.append(waiting)
            waiting = current if self._is_short(text, span) else None
            if waiting is None:
                done.append(current)
        if waiting is not None:
            self._join_last(text, done, waiting)
        return done

    def _join_last(self, text: str, done: list[Span], last: Span) -> None:
        both = Span(done[-1].start, last.end) if done else last
        if done and (self._fits(text, both) or not self._fits(text, done[-1])):
            done[-1] = both
        else:
            done.append(last)

    def _divide(self, text: str, span: Span) -> Iterator[Span]:
        if self._fits(text, span):
            yield span
            return
        start, used = span.start, 0
        for unit, tokens in self._units(text, span):
            if used and used + tokens > self.budget:
                yield from _trimmed(text, start, unit.start)
                start, used = unit.start, 0
            used += tokens
        yield from _trimmed(text, start, span.end)

    def _units(self, text: str, span: Span) -> Iterator[tuple[Span, int]]:
        """The sentences in `span`, cut further where one alone is over the budget, with the tokens of each."""
        body = text[span.start : span.end]
        for start, end in pairwise([0, *sentence_ends(body)]):
            while start < end:
                cut, tokens = self._window(body, start, end)
                yield Span(span.start + start, span.start + cut), tokens
                start = cut

    def _window(self, text: str, start: int, end: int) -> tuple[int, int]:
        """The end of the longest piece from `start` that is within the budget, and its tokens."""
        limit = min(end, start + self.budget * _MAX_CHARS_PER_TOKEN)
        tokens = self.count_tokens(text[start:limit])
        if limit == end and tokens <= self.budget:
            return end, tokens
        while tokens > self.budget and limit > start + 1:
            limit = start + min(limit - start - 1, max(1, (limit - start) * self.budget // tokens))
            tokens = self.count_tokens(text[start:limit])
        cut = _cut(text, start, limit)
        return cut, self.count_tokens(text[start:cut])


def paragraphs(text: str, start: int = 0) -> list[Span]:
    """The paragraphs of `text` from `start` on, without the white space around them: rules 1 and 2 of the module."""
    found = list(_spans_between(_BLANK, text, start, _fenced(text, start)))
    if len(found) == 1:
        lines = list(_spans_between(_LINE_END, text, found[0].start, []))
        if _one_paragraph_a_line(text, lines):
            return lines
    return found


def _one_paragraph_a_line(text: str, lines: Sequence[Span]) -> bool:
    if len(lines) < 3 or text.startswith("```", lines[0].start):
        return False
    ended = sum(_SENTENCE_LIKE.search(text, max(line.start, line.end - 8), line.end) is not None for line in lines)
    return ended * 3 >= len(lines) * 2


def _spans_between(separator: re.Pattern[str], text: str, start: int, fenced: Sequence[Span]) -> Iterator[Span]:
    fences = iter(fenced)
    fence = next(fences, None)
    for gap in separator.finditer(text, start):
        while fence is not None and fence.end <= gap.start():
            fence = next(fences, None)
        if fence is None or gap.start() < fence.start:
            yield from _trimmed(text, start, gap.start())
            start = gap.end()
    yield from _trimmed(text, start, len(text))


def _fenced(text: str, start: int) -> list[Span]:
    """The fenced blocks; one that is never closed is none."""
    marks = [mark.span() for mark in _FENCE.finditer(text, start)] if "```" in text else []
    return [Span(opening[0], closing[1]) for opening, closing in zip(marks[::2], marks[1::2], strict=False)]


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """`start:end` without the white space at both ends; nothing where no other character is left.

    A space that carries a combining mark is a character of its own and stays.
    """
    piece = text[start:end]
    body = piece.strip()
    if not body:
        return
    first = start + len(piece) - len(piece.lstrip())
    last = first + len(body)
    if first > start and not safe_edge(text, first):
        first -= 1
    if last < end and not safe_edge(text, last):
        last += 1
    yield Span(first, last)


def _cut(text: str, start: int, limit: int) -> int:
    """Where to cut a sentence that is too long: the best border in (start, limit], in its latter half if it can be."""
    middle = start + (limit - start) // 2
    for border in (_CLAUSE_END, _SPACE):
        cuts = [found.end() for found in border.finditer(text, middle, limit) if safe_edge(text, found.end())]
        if cuts:
            return cuts[-1]
    return last_edge(text, start, limit)
