"""Pairs made with the lexicon: words and phrases, and sentences translated word by word.

Word-by-word sentences are no translations. They put words in the company they keep, with the
particles and endings they take, in language pairs for which there is little parallel text.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from corpus import DATA, Entry, Pair, read_lexicon, read_stories
from inflect import english_lemmas, english_verb, inflect
from overlap import filter_for
from prepare import load_pairs, write_rows
from readings import SinoKorean, hangul_of_romaji, is_kanji

DIRECTIONS = (("en", "ko"), ("en", "ja"), ("ko", "ja"))
_NUMBER = re.compile(r"\d[\d,.]*")
_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*|\d[\d,.]*\d|\d")
_STOP = frozenset((
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "and", "or", "as", "is", "was", "were",
    "be", "been", "are", "it", "its", "he", "she", "his", "her", "they", "them", "their", "i", "you",
    "we", "us", "our", "my", "your", "who", "whom", "whose", "which", "that", "this", "these", "those",
    "where", "when", "there", "from", "with", "than", "then", "also", "has", "have", "had", "do",
    "does", "did", "but", "if", "so", "not", "no",
))  # fmt: skip
_MAX_WORDS = 4
_MAX_CHARS = 9
_FORMS = 8
LEXICON_PAIRS = 500_000
_PASSAGE_CHARS = 300

QUESTION_WORDS = {
    "en": (
        "what", "who", "when", "where", "why", "how", "how many", "how much", "which", "when did",
        "what is", "who was", "why did", "how did", "what happened to", "did", "does", "is", "was",
        "what did say about", "what are the reasons for", "how long", "by how much", "the",
    ),
    "ko": (
        "무엇", "언제", "누가", "어디서", "왜", "어떻게", "얼마나", "몇", "어느", "무슨", "무엇인가",
        "언제인가", "누구인가", "어디인가", "이유는", "얼마인가", "어떤", "했나", "되나", "인가",
        "무엇이라고 했나", "몇 명", "언제부터", "인가요?", "뭐야", "알려줘",
    ),
    "ja": (
        "何", "いつ", "誰が", "どこで", "なぜ", "どのように", "どれくらい", "いくつ", "どの", "どんな",
        "何ですか", "いつですか", "誰ですか", "どこですか", "理由は", "いくらか", "何人", "いつから",
        "のか", "でしょうか", "は何か", "したのは", "何と述べたか",
    ),
}  # fmt: skip


class WordTranslator:
    """Replaces the words of a sentence by lexicon equivalents; unknown words are dropped."""

    def __init__(self, entries: Iterable[Entry], source: str, target: str, seed: int = 0) -> None:
        self._words: dict[str, tuple[str, ...]] = {}
        self._source, self._target, self._rng = source, target, Random(seed)
        for entry in entries:
            for word in entry.of(source):
                key = word.lower()
                self._words[key] = self._words.get(key, ()) + entry.of(target)
        self._words = {key: found for key, found in self._words.items() if key and not key[0].isdigit()}
        if source == "ja":
            self._add_japanese_stems()
        self._lengths = self._lengths_by_start()
        self._forms: dict[str, list[str]] = {}

    def _add_japanese_stems(self) -> None:
        for word in list(self._words):
            for ending in ("する", "な", "の", "る", "い", "う", "く", "す", "む"):
                stem = word.removesuffix(ending)
                if stem and stem != word and not ("ぁ" <= stem[-1] <= "ん" and len(stem) < 3):
                    self._words.setdefault(stem, self._words[word])

    def _lengths_by_start(self) -> dict[str, list[int]]:
        """Map a first word (English) or character to the lengths of the keys, the longest first."""
        lengths: dict[str, set[int]] = {}
        for key in self._words:
            parts = key.split(" ") if self._source == "en" else key
            if len(parts) <= (_MAX_WORDS if self._source == "en" else _MAX_CHARS):
                lengths.setdefault(parts[0], set()).add(len(parts))
        return {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def translate(self, sentence: str) -> str:
        """Translate a sentence word by word; word order stays that of the source."""
        found = self._english(sentence) if self._source == "en" else self._japanese(sentence)
        return (" " if self._target != "ja" else "").join(found)

    def _pick(self, key: str, alternatives: tuple[str, ...]) -> str:
        """Return a random inflected equivalent, the most usual one half of the time."""
        forms = self._forms.get(key)
        if forms is None:
            chosen = [alternatives[0]] * _FORMS + [self._rng.choice(alternatives) for _ in range(_FORMS)]
            forms = self._forms[key] = [inflect(word, self._target, self._rng) for word in chosen]
        return forms[int(self._rng.random() * len(forms))]

    def _english(self, sentence: str) -> Iterator[str]:
        words = _WORD.findall(sentence)
        lower = [word.lower() for word in words]
        at = 0
        while at < len(words):
            for length in self._lengths.get(lower[at], ()):
                phrase = " ".join(lower[at : at + length]) if length > 1 else lower[at]
                if phrase not in _STOP and phrase in self._words:
                    yield self._pick(phrase, self._words[phrase])
                    break
            else:
                length = 1
                single = self._english_word(words[at], lower[at])
                if single:
                    yield single
            at += length

    def _english_word(self, word: str, lower: str) -> str:
        if lower in _STOP or lower[0].isdigit():
            return "" if lower in _STOP else lower
        if lower not in self._forms:
            alternatives = next((self._words[k] for k in english_lemmas(lower) if k in self._words), ())
            if not alternatives and self._target == "ko" and word[0].isupper():
                name = hangul_of_romaji(word)
                alternatives = (name,) if name else ()
            self._forms[lower] = [] if alternatives else [""]
            if alternatives:
                del self._forms[lower]
                return self._pick(lower, alternatives)
        return self._pick(lower, ())

    def _japanese(self, sentence: str) -> Iterator[str]:
        at = 0
        while at < len(sentence):
            for length in self._lengths.get(sentence[at], ()):
                key = sentence[at : at + length]
                if key in self._words and self._is_word(sentence, at, length):
                    yield self._pick(key, self._words[key])
                    break
            else:
                number = _NUMBER.match(sentence, at)
                if number:
                    yield number[0]
                length = len(number[0]) if number else 1
            at += length

    @staticmethod
    def _is_word(sentence: str, at: int, length: int) -> bool:
        """Reject short kana keys, and single kanji inside a longer compound."""
        if length <= 2 and "ぁ" <= sentence[at] <= "ん":
            return False
        around = sentence[max(0, at - 1) : at] + sentence[at + length : at + length + 1]
        return length > 1 or (is_kanji(sentence[at]) and not any(map(is_kanji, around)))


def kanji_words(pairs: Iterable[Pair], sino: SinoKorean) -> dict[str, str]:
    """Read the kanji headwords of the dictionary pairs in Korean: `国交` gives `국교`."""
    words: dict[str, str] = {}
    for pair in pairs:
        if pair.group == "words" and 2 <= len(pair.right) <= 4 and is_kanji(pair.right):
            reading = sino.read(pair.right)
            if reading is not None:
                words[pair.right] = reading
    return words


def lexicon_pairs(entries: list[Entry], count: int, seed: int) -> Iterator[Pair]:
    """Yield `count` pairs of one to five lexicon words, inflected at random, in two languages."""
    rng = Random(seed)
    queue: list[Entry] = []
    for _ in range(count):
        left, right = rng.choice(DIRECTIONS)
        size = rng.choice((1, 1, 1, 1, 2, 2, 3, 5))
        if len(queue) < size:
            queue = rng.sample(entries, len(entries))
        chosen = [queue.pop() for _ in range(size)]
        yield Pair("lexicon", "lexicon", left, _joined(chosen, left, rng), right, _joined(chosen, right, rng))


def _joined(entries: list[Entry], lang: str, rng: Random) -> str:
    words = [_written(entry, lang, rng) for entry in entries]
    rng.shuffle(words)
    return (" " if lang != "ja" else "、").join(words)


def _written(entry: Entry, lang: str, rng: Random) -> str:
    word = _usual(entry.of(lang), rng)
    if lang == "en" and entry.ko[0].endswith("하다"):
        return english_verb(word, rng)
    return inflect(word, lang, rng)


def _usual(alternatives: tuple[str, ...], rng: Random) -> str:
    return alternatives[0] if rng.random() < 0.4 else rng.choice(alternatives)


def pseudo_pairs(pairs: Iterable[Pair], entries: list[Entry], readings: dict[str, str]) -> Iterator[Pair]:
    """Yield pairs whose Korean (or English) side is made word by word from parallel sentences."""
    from_english = WordTranslator(entries, "en", "ko", seed=1)
    sino = [Entry(("",), (korean,), (kanji,)) for kanji, korean in readings.items()]
    known = {word for entry in entries for word in entry.ja}
    from_japanese = WordTranslator([*entries, *(e for e in sino if e.ja[0] not in known)], "ja", "ko", seed=2)
    to_english = WordTranslator(entries, "ja", "en", seed=3)
    for pair in pairs:
        if pair.group == "kyoto":
            yield from _kyoto_pairs(pair, from_english, from_japanese)
        elif pair.group == "everyday" and pair.right_lang == "ja":
            yield Pair("everyday-en>ko", "pseudo", "ja", pair.right, "ko", from_english.translate(pair.left))
        elif pair.group == "questions":
            yield from _question_pairs(pair, from_japanese, to_english)


def _kyoto_pairs(pair: Pair, from_english: WordTranslator, from_japanese: WordTranslator) -> Iterator[Pair]:
    by_words = from_english.translate(pair.right)
    by_kanji = from_japanese.translate(pair.left)
    if len(by_words) > 2:
        yield Pair("kyoto-en>ko", "pseudo", "ja", pair.left, "ko", by_words)
    if len(by_kanji) > 2:
        yield Pair("kyoto-ja>ko", "pseudo", "en", pair.right, "ko", by_kanji)
    if len(by_words) > 2 and len(by_kanji) > 2:
        yield Pair("kyoto-ko-ko", "pseudo-ko", "ko", by_words, "ko", by_kanji)


def _question_pairs(pair: Pair, korean: WordTranslator, english: WordTranslator) -> Iterator[Pair]:
    passage = pair.right[:_PASSAGE_CHARS]
    question_ko, passage_ko = korean.translate(pair.left), korean.translate(passage)
    question_en, passage_en = english.translate(pair.left), english.translate(passage)
    if min(map(len, (question_ko, passage_ko, question_en, passage_en))) > 2:
        yield Pair("jaquad-words", "questions", "ko", question_ko, "ja", pair.right)
        yield Pair("jaquad-words", "questions", "ja", pair.left, "ko", passage_ko)
        yield Pair("jaquad-words", "questions", "ko", question_ko, "ko", korean.translate(passage))
        yield Pair("jaquad-words", "questions", "en", question_en, "ja", pair.right)
        yield Pair("jaquad-words", "questions", "en", question_en, "en", passage_en)
        yield Pair("jaquad-words", "questions", "en", question_en, "ko", passage_ko)
        yield Pair("jaquad-words", "questions", "ko", question_ko, "en", passage_en)


def main() -> None:
    """Write the pairs of the stories, pseudo-parallel, kanji and lexicon pairs, less evaluation sentences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--lexicon", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    work, entries, overlap = options.work, read_lexicon(options.lexicon), filter_for(options.corpora)
    stories = read_stories(DATA)
    write_rows((p for p in stories if not overlap.pair_overlaps(p)), work / "stories.tsv")
    readings = kanji_words(load_pairs(work / "pairs.tsv"), SinoKorean(entries))
    kanji = (Pair("kanji", "kanji", "ko", korean, "ja", word) for word, korean in readings.items())
    write_rows((p for p in kanji if not overlap.pair_overlaps(p)), work / "kanji.tsv")
    words = lexicon_pairs(entries, LEXICON_PAIRS, seed=4)
    write_rows((p for p in words if not overlap.pair_overlaps(p)), work / "lexicon.tsv")
    made = pseudo_pairs(load_pairs(work / "pairs.tsv"), entries, readings)
    write_rows((p for p in made if not (overlap.equals(p.left) or overlap.equals(p.right))), work / "pseudo.tsv")


if __name__ == "__main__":
    main()
