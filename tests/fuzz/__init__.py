"""The promises about offsets, encodings, readers and hostile files, tried many times over.

Each module has a `run` that takes how much to try and a seed, and returns its figures; the tests call it with little,
`./scripts/fuzz NAME` with much.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Figures:
    """What was tried and found. `failures` are lines for people; good where there are none."""

    name: str
    tried: int = 0
    told: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def row(self) -> str:
        """A row of a table: name, how many were tried, how many failed, and what else was measured."""
        said = ", ".join(f"{name} {value}" for name, value in self.told.items())
        return f"| {self.name} | {self.tried:,} | {len(self.failures):,} | {said} |"
