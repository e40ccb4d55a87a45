"""What the words of a query are called in the other two languages: a lexicon, names by rule, and the user's aliases.

Not for deciding how much a form counts in a ranking, nor for cutting forms into the index's terms.
"""

from __future__ import annotations

from .lexicon import Lexicon
from .values import Form, QueryWord

__all__ = ["Form", "Lexicon", "QueryWord"]
