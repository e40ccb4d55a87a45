"""Why a passage was found: which of its words carry the likeness, and which words of the question it has."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from semsearch.analysis import index_words, telling, tells
from semsearch.protocols import Embedder, TokenModel, Vectors
from semsearch.records import Highlight, MatchedWord
from semsearch.sentences import sentence_ends
from semsearch.wording import Wording, matching_forms

_MOST: Final = 8
_SHARE_OF_BEST: Final = 0.35

Span: TypeAlias = tuple[int, int]


def highlights(model: Embedder, query: str, text: str) -> tuple[Highlight, ...]:
    """The words nearest to the query or, with a model that has no vectors of words, the nearest sentence."""
    if isinstance(model, TokenModel):
        return _nearest_words(model, query, text)
    edges = [0, *(end for end in sentence_ends(text) if 0 < end < len(text)), len(text)]
    spans = [(start, end) for start, end in pairwise(edges) if text[start:end].strip()]
    if len(spans) < 2:
        return ()
    nearness = model.embed_passages([text[start:end] for start, end in spans]) @ model.embed_queries([query])[0]
    best = int(nearness.argmax())
    return (Highlight(*spans[best], round(float(nearness[best]), 4)),)


def contributions(model: TokenModel, query: str, text: str) -> tuple[list[Span], list[Span], Vectors]:
    """What each word of a query adds to the cosine of query and text through each word of the text.

    Both vectors are sums over tokens, brought to unit length, so the cosine is a sum over pairs of tokens, and exact.
    Returns the spans of the query's words (code points), those of the text's, and the shares: float32, shape (number
    of the query's words, number of the text's words). They add up to the cosine of the text without its headline.
    """
    asked, asked_sum = _word_vectors(model, query)
    found, found_sum = _word_vectors(model, text)
    scale = float(np.linalg.norm(asked_sum) * np.linalg.norm(found_sum)) or 1.0
    rows = np.stack([vector for _, vector in asked]) if asked else np.empty((0, len(asked_sum)), np.float32)
    columns = np.stack([vector for _, vector in found]) if found else np.empty((0, len(found_sum)), np.float32)
    return [span for span, _ in asked], [span for span, _ in found], rows @ columns.T / scale


def matched_words(wording: Wording, lang: str, text: str) -> tuple[MatchedWord, ...]:
    """The words of the question that a passage in `lang` has, and in which form."""
    present = frozenset(index_words(text))
    matched = []
    for word in wording.known:
        if present.issuperset(own := telling(index_words(word.text))) and own:
            matched.append(MatchedWord(word.text, word.text, "query"))
        elif forms := matching_forms(word, lang, present):
            best = max(forms, key=lambda form: (form.weight, len(form.text)))
            matched.append(MatchedWord(word.text, best.text, best.origin))
    rest = wording.text
    for word in reversed(wording.known):
        rest = rest[: word.start] + " " + rest[word.end :]
    for piece in rest.split():
        if any(map(tells, own := index_words(piece))) and present.issuperset(own):
            matched.append(MatchedWord(piece, piece, "query"))
    return tuple(matched)


def _nearest_words(model: TokenModel, query: str, text: str) -> tuple[Highlight, ...]:
    """The words of `text` that add most, in reading order; those under 35% of the best are left out."""
    asked, found, shares = contributions(model, query, text)
    if not shares.size:
        return ()
    totals = shares.sum(axis=0)
    least = max(float(totals.max()) * _SHARE_OF_BEST, 1e-6)
    strong = [column for column in np.argsort(-totals, kind="stable")[:_MOST].tolist() if totals[column] >= least]
    marks = []
    for column in sorted(strong):
        start, end = found[column]
        owed = slice(*asked[int(shares[:, column].argmax())])
        marks.append(Highlight(start, end, round(float(totals[column]), 4), query[owed]))
    return tuple(marks)


def _word_vectors(model: TokenModel, text: str) -> tuple[list[tuple[Span, Vectors]], Vectors]:
    """The words of a text with the sums of their tokens' vectors, and the sum over all, punctuation included.

    Tokens that touch inside one alphabetic word are joined; in Japanese every token stands for itself.
    """
    tokens = model.tokens(text)
    vectors = model.token_vectors([token for _, _, token in tokens])
    words: list[tuple[Span, Vectors]] = []
    for (start, end, _), vector in zip(tokens, vectors, strict=True):
        if not any(c.isalnum() for c in text[start:end]):
            continue
        if words and words[-1][0][1] == start and _is_spaced(text[start]) and _is_spaced(text[start - 1]):
            (begin, _), so_far = words[-1]
            words[-1] = ((begin, end), so_far + vector)
        else:
            words.append(((start, end), vector))
    return words, vectors.sum(axis=0)


def _is_spaced(character: str) -> bool:
    """Whether the script of `character` sets spaces between words: not so for kana and Han."""
    return character.isalnum() and not "\u3040" <= character <= "\u9fff"
