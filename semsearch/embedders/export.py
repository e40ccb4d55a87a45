"""The bundled model as a folder that `sentence_transformers.SentenceTransformer` loads, with the same vectors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

from semsearch.embedders.bundled import CARD_TEXT, DATA, BundledModel
from semsearch.files import require_new

_MODULES: Final = (
    ("0_StaticEmbedding", "sentence_transformers.models.StaticEmbedding"),
    ("1_Normalize", "sentence_transformers.models.Normalize"),
)


def export(folder: Path) -> None:
    """Write the bundled model into `folder`, which must be new or empty: 80 MB, float32.

    A static embedding takes the mean of the token vectors, the bundled model their sum: after normalisation the
    same. Headlines (`contexts` of `embed_passages`) have no counterpart there.
    Raises UsageError where `folder` holds something.
    """
    require_new(folder)
    from safetensors.numpy import save_file

    model = BundledModel()
    for name, _ in _MODULES:
        (folder / name).mkdir(parents=True)
    vectors = model.token_vectors(range(model.vocabulary_size))
    save_file({"embedding.weight": vectors}, folder / _MODULES[0][0] / "model.safetensors")
    model.subwords.tokenizer.save(str(folder / _MODULES[0][0] / "tokenizer.json"))
    shutil.copyfile(DATA / CARD_TEXT, folder / "README.md")
    modules = [{"idx": n, "name": str(n), "path": path, "type": kind} for n, (path, kind) in enumerate(_MODULES)]
    _write_json(folder / "modules.json", modules)
    _write_json(folder / "config_sentence_transformers.json", {"similarity_fn_name": "cosine"})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
