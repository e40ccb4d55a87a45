"""Train the subword vocabulary: a unigram model over NFKC lower-cased text, split by script.

    python tokenizer.py --work DIR --lexicon DIR [--size 82000]

The trained vocabulary is then corrected with whole words (see `vocabulary.py`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import sentencepiece
from corpus import read_lexicon
from prepare import load_pairs
from vocabulary import Scores, latin_words, lexicon_words, prune, with_words, without_particles

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from semsearch.embedders.subwords import PIECES, SCORES, UNKNOWN, tokenizer_of

LIMITS = {
    ("kyoto", "en"): 40_000, ("kyoto", "ja"): 24_000, ("docs", "en"): 20_000, ("docs", "ja"): 10_000,
    ("docs", "ko"): 40_000, ("pseudo", "ko"): 60_000, ("words", "ja"): 40_000, ("names", "ko"): 30_000,
    ("names", "ja"): 30_000, ("names", "en"): 20_000, ("kanji", "ko"): 40_000, ("lexicon", "en"): 80_000,
    ("lexicon", "ko"): 160_000, ("lexicon", "ja"): 120_000, ("everyday", "en"): 40_000,
    ("everyday", "ja"): 30_000, ("everyday", "ko"): 30_000, ("questions", "ja"): 3_000,
    ("titles", "en"): 2_000, ("titles", "ko"): 4_000, ("titles", "ja"): 1_000,
}  # fmt: skip
"""How many texts of a group and language the vocabulary sees, so that manuals do not swamp it."""
NEWS_REPEATS = 12
LATIN_WORDS = 16_000
WORDS_PER_LANGUAGE = 20_000
YEARS = range(1850, 2036)
SEED_PIECES = 400_000
LONGEST_PIECE = 10
LONGEST_WORD = 400


def sample(work: Path, seed: int = 5) -> Iterator[str]:
    """Yield the texts the vocabulary is trained on."""
    rng = Random(seed)
    pools: dict[tuple[str, str], list[str]] = {}
    names = ("pairs.tsv", "pseudo.tsv", "kanji.tsv", "lexicon.tsv")
    for pair in itertools.chain.from_iterable(load_pairs(work / name) for name in names):
        for lang, text in ((pair.left_lang, pair.left), (pair.right_lang, pair.right)):
            pools.setdefault((pair.group, lang), []).append(text)
    for (group, lang), texts in sorted(pools.items()):
        if group == "news":
            yield from texts * (NEWS_REPEATS // 2)
        elif (group, lang) in LIMITS:
            yield from rng.sample(texts, min(len(texts), LIMITS[group, lang]))


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count the stretches that the tokenizer divides text into before it looks for pieces."""
    tokenizer = tokenizer_of([(UNKNOWN, 0.0)])
    words: Counter[str] = Counter()
    for text in texts:
        cut = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
        words.update(word for word, _ in cut)
    return words


def train(words: Counter[str], size: int, work: Path) -> Scores:
    """Train a unigram vocabulary of `size` pieces with sentencepiece, which gives the same pieces every time.

    (The trainer of `tokenizers` does not: it walks over its words in the random order of a hash table.)
    """
    listed = work / "words.tsv"
    rows = (f"{word}\t{count}\n" for word, count in sorted(words.items()) if len(word) <= LONGEST_WORD)
    listed.write_text("".join(rows), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(listed), input_format="tsv", model_prefix=str(work / "vocabulary"), model_type="unigram",
        vocab_size=size, hard_vocab_limit=False, character_coverage=1.0, seed_sentencepiece_size=SEED_PIECES,
        shrinking_factor=0.6, max_sentencepiece_length=LONGEST_PIECE, num_threads=1, normalization_rule_name="identity",
        add_dummy_prefix=False, split_by_unicode_script=False, split_by_number=False, split_by_whitespace=False,
        unk_id=0, bos_id=-1, eos_id=-1, pad_id=-1, minloglevel=1,
    )  # fmt: skip
    lines = (work / "vocabulary.vocab").read_text(encoding="utf-8").splitlines()
    scores = dict(line.split("\t") for line in lines)
    return {piece: float(score) for piece, score in scores.items() if piece != UNKNOWN}


def correct(scores: Scores, lexicon: Path, english: list[str], size: int) -> Scores:
    """Put whole words into a trained vocabulary and take particles off its pieces."""
    entries = read_lexicon(lexicon)
    scores = without_particles(scores, lexicon_words(entries))
    counts = latin_words(english, LATIN_WORDS)
    wanted = lexicon_words(entries, WORDS_PER_LANGUAGE) | counts.keys() | set(map(str, YEARS))
    scores = with_words(scores, sorted(wanted), counts, counts["the"] / math.exp(scores["the"]))
    kept = prune(scores, size - 1, lambda piece: len(piece) == 1 or piece in wanted)
    return as_read_back({UNKNOWN: 0.0, **kept})


def as_read_back(scores: Scores) -> Scores:
    """The scores as `tokenizers` reads them from a file of its own, where the last bit of some is rounded.

    It decides between cuts that are equally likely, so the model is trained on what readers of such a file see.
    """
    from tokenizers import Tokenizer

    read = Tokenizer.from_str(tokenizer_of(list(scores.items())).to_str())
    return dict(json.loads(read.to_str())["model"]["vocab"])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--lexicon", type=Path, required=True)
    parser.add_argument("--size", type=int, default=82_000)
    parser.add_argument("--trained", type=int, default=64_000, help="pieces trained before the correction")
    options = parser.parse_args()
    texts = list(sample(options.work))
    scores = train(count_words(texts), options.trained, options.work)
    final = correct(scores, options.lexicon, texts, options.size)
    (options.work / PIECES).write_text("\n".join(final), encoding="utf-8")
    np.save(options.work / SCORES, np.array(list(final.values())))


if __name__ == "__main__":
    main()
