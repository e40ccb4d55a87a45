"""The language that a file declares of itself."""

from __future__ import annotations

from typing import Final

_CODES: Final = {"ko": "ko", "kor": "ko", "en": "en", "eng": "en", "ja": "ja", "jpn": "ja", "jp": "ja", "kr": "ko"}


def declared_language(value: object) -> str | None:
    """`ko`, `en` or `ja` for a language tag such as `ko-KR` or `jpn`; None for anything else: to be detected."""
    if not isinstance(value, str):
        return None
    return _CODES.get(value.strip().lower().replace("_", "-").partition("-")[0])
