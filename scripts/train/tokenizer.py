"""Train the subword vocabulary: a unigram model over NFKC lower-cased text, split by script.

    python tokenizer.py --work DIR --lexicon DIR [--size 76000]

The trained vocabulary is then corrected with whole words (see `vocabulary.py`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from corpus import read_lexicon
from prepare import load_pairs
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from vocabulary import latin_words, lexicon_words, prune, with_words, without_particles

UNKNOWN = "<unk>"
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
WORDS_PER_LANGUAGE = 15_000


def empty_tokenizer() -> Tokenizer:
    """Return an untrained tokenizer: NFKC and lower case, cut at spaces, punctuation, script, digits."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.UnicodeScripts(),
            pre_tokenizers.Digits(individual_digits=False),
        ]
    )
    return tokenizer


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


def train(texts: Iterable[str], size: int) -> Tokenizer:
    """Train a unigram vocabulary of `size` pieces."""
    tokenizer = empty_tokenizer()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=[UNKNOWN], unk_token=UNKNOWN, max_piece_length=10,
        shrinking_factor=0.6, seed_size=400_000, show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def correct(trained: Tokenizer, lexicon: Path, english: list[str], size: int) -> Tokenizer:
    """Put whole words into a trained vocabulary and take particles off its pieces."""
    entries = read_lexicon(lexicon)
    pieces = json.loads(trained.to_str())["model"]["vocab"]
    scores = {piece: score for piece, score in pieces if piece != UNKNOWN}
    scores = without_particles(scores, lexicon_words(entries))
    counts = latin_words(english, LATIN_WORDS)
    wanted = lexicon_words(entries, WORDS_PER_LANGUAGE) | counts.keys()
    scores = with_words(scores, sorted(wanted), counts, counts["the"] / math.exp(scores["the"]))
    kept = prune(scores, size - 1, lambda piece: len(piece) == 1 or piece in wanted)
    tokenizer = empty_tokenizer()
    tokenizer.model = models.Unigram([(UNKNOWN, 0.0), *kept.items()], unk_id=0, byte_fallback=False)
    return tokenizer


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--lexicon", type=Path, required=True)
    parser.add_argument("--size", type=int, default=76_000)
    parser.add_argument("--trained", type=int, default=64_000, help="pieces trained before the correction")
    options = parser.parse_args()
    texts = list(sample(options.work))
    raw = options.work / "tokenizer-trained.json"
    if not raw.exists():
        train(texts, options.trained).save(str(raw), pretty=False)
    tokenizer = correct(Tokenizer.from_file(str(raw)), options.lexicon, texts, options.size)
    tokenizer.save(str(options.work / "tokenizer.json"), pretty=False)


if __name__ == "__main__":
    main()
