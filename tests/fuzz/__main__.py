"""`./scripts/fuzz NAME`: the full forms, a table row each; exit status 1 where a promise is broken."""

from __future__ import annotations

import argparse
import sys

from tests.fuzz import Figures, encodings, hostile, offsets, readers

NAMES = {
    "offsets": "100,000 texts: every passage found again in text, bytes, UTF-16 units and lines",
    "encodings": "1,000 texts in each of seven encodings: declared, found out, never read wrong",
    "readers": "an hour of mutated files for every reader, by atheris where it can be installed",
    "hostile": "every hostile file at the largest size that is read, each build fenced in",
}


def main() -> int:
    """Run one of them, or all."""
    parser = argparse.ArgumentParser("scripts/fuzz", description="Try a promise many times over.")
    parser.add_argument(
        "name", choices=[*NAMES, "all"], help="; ".join(f"{name}: {what}" for name, what in NAMES.items())
    )
    parser.add_argument(
        "--count", type=int, help="how many texts (offsets), texts an encoding, or bytes of a hostile file"
    )
    parser.add_argument("--seconds", type=int, default=3600, help="how long the readers are fuzzed (default 3600)")
    parser.add_argument("--seed", type=int, default=0, help="another one tries other files (default 0)")
    asked = parser.parse_args()
    found = [_run(name, asked) for name in (NAMES if asked.name == "all" else [asked.name])]
    print("| promise | tried | failed | measured |\n|---|---|---|---|")
    for figures in found:
        print(figures.row())
    for figures in found:
        for failure in figures.failures[:20]:
            print(f"{figures.name}: {failure}", file=sys.stderr)
    return int(any(figures.failures for figures in found))


def _run(name: str, asked: argparse.Namespace) -> Figures:
    if name == "offsets":
        return offsets.run(asked.count or 100_000, asked.seed, print)
    if name == "encodings":
        return encodings.run(asked.count or 1_000, asked.seed, print)
    if name == "readers":
        return readers.run(0, asked.seed, asked.seconds, print, guided=True)
    return hostile.run(*([asked.count] if asked.count else []))


if __name__ == "__main__":
    sys.exit(main())
