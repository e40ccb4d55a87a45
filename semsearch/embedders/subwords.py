"""Cutting text into the subwords of the bundled model: a unigram vocabulary over NFKC, lower-case text.

Every piece has a score, the logarithm of its likelihood; a word is cut where the sum is greatest. Words that were met
before are remembered. A few new ones are cut right here, many by the `tokenizers` library, whose trie takes three times
as long to set up as a query needs otherwise; both cut alike (a test compares).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import ChainMap
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.models import Unigram

PIECES: Final = "pieces.txt"
SCORES: Final = "scores.npy"
UNKNOWN: Final = "<unk>"
_FEW: Final = 200
"""New words up to which setting up the library does not pay."""
_LONG: Final = 100
"""Characters from which a word is not remembered: it is no word, and a few thousand of them would fill the memory."""
_OLD_UNICODE: Final = unicodedata.ucd_3_2_0
"""What was a character in 2002 is one to every tokenizer."""
_SPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_MARKS = r"!-/:-@\[-`{-~、。「」『』・…“”‘’—"
_WORD = re.compile(rf"\d+|[^{_SPACE}\d{_MARKS}]+|[{_MARKS}]")
"""Stretches that the tokenizer divides from each other in any case: white space, punctuation and digits are borders
for it too. No piece of the vocabulary crosses any other border of its, such as that between two scripts."""


class Token(NamedTuple):
    """A subword of a text: code points `start` to `end` of the original text, and its id."""

    start: int
    end: int
    id: int


class Subwords:
    """The vocabulary in `directory`: PIECES, one a line, the first being the unknown one, and SCORES, float64.

    Raises FileNotFoundError where one of them is missing.
    """

    def __init__(self, directory: Path, remembered: int = 200_000) -> None:
        self.pieces = (directory / PIECES).read_text(encoding="utf-8").split("\n")
        self._scores: list[float] = np.load(directory / SCORES).tolist()
        self._ids = dict(zip(self.pieces, range(len(self.pieces)), strict=True))
        self._longest = max(map(len, self.pieces))
        self._remembered = remembered
        self._known: dict[str, tuple[int, ...]] = {}

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The same vocabulary as a tokenizer of the `tokenizers` library."""
        return tokenizer_of(list(zip(self.pieces, self._scores, strict=True)))

    @cached_property
    def _model(self) -> Unigram:
        """What cuts a word that needs no dividing, in half the time of the whole tokenizer, and as it does unless a
        character is unknown."""
        model: Unigram = self.tokenizer.model
        return model

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text: known words are looked up, new ones cut."""
        words = [_WORD.findall(unicodedata.normalize("NFKC", text).lower()) for text in texts]
        known, own = self._known, dict[str, tuple[int, ...]]()
        new = [word for word in dict.fromkeys(chain.from_iterable(words)) if word not in known]
        self._learn([word for word in new if len(word) <= _LONG], known)
        if long := [word for word in new if len(word) > _LONG]:
            self._cut_natively(long, own)
        if len(known) > self._remembered:
            self._known = {}  # another thread may still be looking up in the old one
        look_up = ChainMap(own, known).__getitem__ if own else known.__getitem__
        return [list(chain.from_iterable(map(look_up, row))) for row in words]

    def rarity(self, ids: Sequence[int]) -> NDArray[np.float64]:
        """Negative natural logarithm of each token's probability in the vocabulary's model."""
        return -np.array([self._scores[token] for token in ids])

    def tokens(self, text: str) -> list[Token]:
        """List the subwords of `text` with their places in the original, unnormalised text.

        Every code point but white space belongs to a token. Of a character that normalisation expands into several
        tokens, each has the place.
        """
        return self._tokens_in_place(text) or self._tokens_by_library(text)

    def _tokens_in_place(self, text: str) -> list[Token] | None:
        """From words met before, where each character stays in its place and is known; else None.

        That is so with nearly all text, and takes a third of the library's time.
        """
        normal = unicodedata.normalize("NFKC", text)
        lowered = normal.lower()
        if normal != text and normal != "".join(unicodedata.normalize("NFKC", char) for char in text):
            return None
        if not len(lowered) == len(normal) == len(text):
            return None
        ids = iter(self.ids([text])[0])
        found = []
        for word in _WORD.finditer(lowered):
            start, end = word.span()
            while start < end:
                token = next(ids, 0)
                piece = self.pieces[token]
                if not lowered.startswith(piece, start):  # as the unknown one
                    return None
                found.append(Token(start, start := start + len(piece), token))
        return found

    def _tokens_by_library(self, text: str) -> list[Token]:
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        if not encoding.offsets:
            return []
        starts = [start for start, _ in encoding.offsets]
        nexts = [*starts[1:], len(text)]
        # Normalisation gives a composed character the place of its first part only.
        ends = [
            max(end, start + len(text[start:after].rstrip()))
            for (start, end), after in zip(encoding.offsets, nexts, strict=True)
        ]
        return [Token(*token) for token in zip(starts, ends, encoding.ids, strict=True)]

    def _learn(self, new: Sequence[str], known: dict[str, tuple[int, ...]]) -> None:
        if len(new) <= _FEW:
            cut = {word: self.cut(word) for word in new}
            known.update((word, ids) for word, ids in cut.items() if ids)
            new = [word for word, ids in cut.items() if not ids]
        if new:
            self._cut_natively(new, known)

    def _cut_natively(self, new: Sequence[str], known: dict[str, tuple[int, ...]]) -> None:
        tokenize = self._model.tokenize
        for word in new:
            ids = tuple([token.id for token in tokenize(word)])
            known[word] = tuple(self.tokenizer.encode(word, add_special_tokens=False).ids) if 0 in ids else ids

    def cut(self, word: str) -> tuple[int, ...]:
        """Ids of the likeliest pieces of a word; none where the tokenizer has to be asked, as a character is in no
        piece. One character alone cannot be divided; the tokenizer drops those that are younger than it is."""
        if len(word) == 1 and word not in self._ids and _OLD_UNICODE.category(word) not in ("Cn", "Co"):
            return (0,)
        best = [0.0] + [-math.inf] * len(word)
        last: list[tuple[int, int]] = [(0, 0)] * (len(word) + 1)
        for start in range(len(word)):
            if (so_far := best[start]) == -math.inf:
                continue
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                piece = self._ids.get(word[start:end])
                if piece is not None and so_far + self._scores[piece] > best[end]:
                    best[end], last[end] = so_far + self._scores[piece], (start, piece)
        if best[-1] == -math.inf:
            return ()
        found, end = [], len(word)
        while end:
            end, piece = last[end]
            found.append(piece)
        return tuple(reversed(found))


def tokenizer_of(vocabulary: Sequence[tuple[str, float]]) -> Tokenizer:
    """A tokenizer: NFKC and lower case, cut at spaces, punctuation, script and digits, then into pieces."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram(list(vocabulary), unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    borders = [
        pre_tokenizers.WhitespaceSplit(),
        pre_tokenizers.Punctuation(),
        pre_tokenizers.UnicodeScripts(),
        pre_tokenizers.Digits(individual_digits=False),
    ]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(borders)
    return tokenizer
