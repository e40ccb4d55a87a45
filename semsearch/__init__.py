"""Bilingual semantic search over archives of articles in Korean, English and Japanese.

import semsearch

semsearch.build(["articles/"], index="index")
with semsearch.open("index") as index:
    for hit in index.query("한일 국교 정상화", k=5):
        print(hit.score, hit.passage.source, hit.passage.start, hit.passage.text)
"""

from semsearch.build import build
from semsearch.embedders import load_embedder
from semsearch.errors import SemsearchError
from semsearch.protocols import Embedder
from semsearch.records import BuildReport, Hit, Passage, ReadOptions
from semsearch.search import Index
from semsearch.search import open_index as open
from semsearch.verify import verify

__version__ = "0.1.0"
__all__ = [
    "BuildReport",
    "Embedder",
    "Hit",
    "Index",
    "Passage",
    "ReadOptions",
    "SemsearchError",
    "build",
    "load_embedder",
    "open",
    "verify",
]
