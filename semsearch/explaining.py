"""Why a passage was found: which of its words carry the likeness, and which words of the question it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from operator import itemgetter
from typing import Final, TypeAlias

import numpy as np

from semsearch.analysis import index_words
from semsearch.protocols import Embedder, TokenModel, Vectors
from semsearch.records import Highlight, MatchedWord, Passage
from semsearch.sentences import sentence_ends
from semsearch.wording import Wording, matching_forms, telling_words

_MOST: Final = 8
_SHARE_OF_BEST: Final = 0.35
_DIGITS: Final = 4

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a text, the vectors of their tokens, shape (n, d), the places in these at which each word begins,
    and the sum over all tokens, those of punctuation too, shape (d,)."""

    spans: list[Span]
    vectors: Vectors
    firsts: list[int]
    whole: Vectors


def highlights(model: Embedder, query: str, texts: Sequence[str]) -> list[tuple[Highlight, ...]]:
    """In each text the words nearest to the query or, with a model that has no vectors of words, the sentence."""
    if isinstance(model, TokenModel):
        asked = _words(model, query)
        return [_nearest_words(query, asked, _words(model, text)) for text in texts]
    return _nearest_sentences(model, query, texts)


def contributions(model: TokenModel, query: str, text: str) -> tuple[list[Span], list[Span], Vectors]:
    """What each word of a query adds to the cosine of query and text through each word of the text.

    Both vectors are sums over tokens, brought to unit length, so the cosine is a sum over pairs of tokens, and exact.
    Returns the spans of the query's words (code points), those of the text's, and the shares: float32, shape (number
    of the query's words, number of the text's words). They add up to the cosine of the text without its headline.
    """
    asked, found = _words(model, query), _words(model, text)
    return asked.spans, found.spans, _shares(asked, found)


def matched_words(wording: Wording, passage: Passage) -> tuple[MatchedWord, ...]:
    """The words of the question that a passage or its headline has, and in which form."""
    present = frozenset(index_words(f"{passage.title}\n{passage.text}"))
    matched = []
    for word in wording.known:
        if (own := telling_words(word.text)) and present.issuperset(own):
            matched.append(MatchedWord(word.text, word.text, "query"))
        elif forms := matching_forms(word, passage.lang, present):
            best = max(forms, key=lambda form: (form.weight, len(form.text)))
            matched.append(MatchedWord(word.text, best.text, best.origin))
    for piece, words in wording.unknown:
        if present.issuperset(words):
            matched.append(MatchedWord(piece, piece, "query"))
    return tuple(matched)


def _nearest_sentences(model: Embedder, query: str, texts: Sequence[str]) -> list[tuple[Highlight, ...]]:
    """Of each text with more than one, the sentence that the model finds nearest; all are embedded together."""
    spans = [_sentences(text) for text in texts]
    sentences = [text[start:end] for text, own in zip(texts, spans, strict=True) for start, end in own]
    if not sentences:
        return [()] * len(texts)
    nearness = iter((model.embed_passages(sentences) @ model.embed_queries([query])[0]).tolist())
    best = [max(zip(islice(nearness, len(own)), own, strict=True), key=itemgetter(0), default=None) for own in spans]
    return [(Highlight(*found[1], round(found[0], _DIGITS)),) if found else () for found in best]


def _sentences(text: str) -> list[Span]:
    """The spans of its sentences, if it has at least two."""
    edges = [0, *(end for end in sentence_ends(text) if 0 < end < len(text)), len(text)]
    spans = [(start, end) for start, end in pairwise(edges) if text[start:end].strip()]
    return spans if len(spans) > 1 else []


def _nearest_words(query: str, asked: _Words, found: _Words) -> tuple[Highlight, ...]:
    """The words of a text that add most, in reading order; those under 35% of the best are left out."""
    shares = _shares(asked, found)
    if not shares.size:
        return ()
    totals = shares.sum(axis=0).round(_DIGITS)  # so that a word that comes again is marked where it comes first
    least = max(float(totals.max()) * _SHARE_OF_BEST, 1e-6)
    strong = [column for column in np.argsort(-totals, kind="stable")[:_MOST].tolist() if totals[column] >= least]
    marks = []
    for column in sorted(strong):
        start, end = found.spans[column]
        owed = slice(*asked.spans[int(shares[:, column].argmax())])
        marks.append(Highlight(start, end, round(float(totals[column]), _DIGITS), query[owed]))
    return tuple(marks)


def _shares(asked: _Words, found: _Words) -> Vectors:
    if not (asked.spans and found.spans):
        return np.zeros((len(asked.spans), len(found.spans)), np.float32)
    scale = float(np.linalg.norm(asked.whole) * np.linalg.norm(found.whole)) or 1.0
    by_token = np.add.reduceat(asked.vectors @ found.vectors.T, asked.firsts, axis=0)
    shares: Vectors = (np.add.reduceat(by_token, found.firsts, axis=1) / scale).astype(np.float32)
    return shares


def _words(model: TokenModel, text: str) -> _Words:
    """Tokens that touch inside one alphabetic word are joined; in Japanese every token stands for itself."""
    tokens = model.tokens(text)
    vectors = model.token_vectors([token for _, _, token in tokens])
    spans: list[Span] = []
    rows: list[int] = []
    firsts: list[int] = []
    for row, (start, end, _) in enumerate(tokens):
        if not any(map(str.isalnum, text[start:end])):
            continue
        if spans and spans[-1][1] == start and _is_spaced(text[start]) and _is_spaced(text[start - 1]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
            firsts.append(len(rows))
        rows.append(row)
    return _Words(spans, vectors[rows], firsts, vectors.sum(axis=0))


def _is_spaced(character: str) -> bool:
    """Whether the script of `character` sets spaces between words: not so for kana and Han."""
    return character.isalnum() and not "\u3040" <= character <= "\u9fff"
