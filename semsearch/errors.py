"""Every error semsearch raises on purpose.

SemsearchError
 +-- UsageError            a call or command that cannot mean anything (blank query, k = 0, unknown model name)
 +-- SourceError           something that was to be read
 |    +-- SourceNotFound   a path or pattern that matches nothing
 |    +-- Refused          a file that was found and not indexed: the reason says why, the build goes on
 +-- ModelError            an embedding model
 |    +-- ModelUnavailable not installed, not on this machine, or not loadable
 |    +-- ModelMismatch    the index was built with another model
 |    +-- EmbeddingFailed  the model returned something that is no vector (NaN, zero, wrong shape)
 +-- ServiceError          a semsearch service: not reachable, refused the request, or failed
 +-- IndexFolderError      an index folder
      +-- IndexNotFound    there is none at this path
      +-- IndexBusy        another process is writing it
      +-- IndexDamaged     a file of it is missing, changed or unreadable
      +-- IndexInaccessible the system will not let it be read or written (disk full, no right, too many files)
      +-- FormatMismatch   written by an incompatible version of semsearch

A message is one line that names what was found, what was expected and the remedy.
"""

from __future__ import annotations


class SemsearchError(Exception):
    """Base of every error raised on purpose; `str(error)` is a single line fit for a terminal."""


class UsageError(SemsearchError, ValueError):
    """The call cannot mean anything: a blank query, `k` below 1, an unknown mode."""


class SourceError(SemsearchError):
    """Something that was to be read."""


class SourceNotFound(SourceError):
    """A path, folder or pattern that matches nothing."""


class Refused(SourceError):
    """A file or record that was found and cannot be indexed; the build reports it and goes on.

    `kind` is one word for programs: `unreadable`, `binary`, `empty`, `too-large`, `encoding`,
    `malformed`, `not-a-file`.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class ModelError(SemsearchError):
    """An embedding model."""


class ModelUnavailable(ModelError):
    """The model is not installed, not on this machine, or cannot be loaded."""


class ModelMismatch(ModelError):
    """The index was built with another model; the message prints both fingerprints."""


class EmbeddingFailed(ModelError):
    """The model returned something that is no vector: NaN, infinite, zero, or of the wrong shape."""


class ServiceError(SemsearchError):
    """A semsearch service is not reachable, refused the request, or failed. `status` is that of HTTP, None without."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class IndexFolderError(SemsearchError):
    """An index folder."""


class IndexNotFound(IndexFolderError):
    """There is no index at this path."""


class IndexBusy(IndexFolderError):
    """Another process is writing this index; the message names it."""


class IndexDamaged(IndexFolderError):
    """A file of the index is missing, changed or unreadable."""


class IndexInaccessible(IndexFolderError):
    """The system will not let a file of the index be read or written: the disk is full or fails, a right is missing."""


class FormatMismatch(IndexFolderError):
    """The index was written by an incompatible version of semsearch."""
