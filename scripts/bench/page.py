"""How long after the last keystroke the page shows its first result, in a real Chromium on the machine of the service.

    python scripts/bench/page.py [--passages 100000] [--keep FOLDER] [--count 60]

The archive and the questions are those of load.py. Each question is put into the empty page; the time runs from the
event of its last letter to the first frame with a result, the page's own pause for further letters included. Needs
./scripts/browser.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from latency import ROOT
from load import archived, machine, questions, served

sys.path.insert(0, str(ROOT))

from tests.test_page import chromium

WATCH = """() => {
  const box = document.querySelector("input[type=search]");
  let typed = null;
  window.took = [];
  box.addEventListener("input", () => { typed = box.value ? performance.now() : null; }, { capture: true });
  new MutationObserver(() => {
    if (typed === null || !document.querySelector("article")) return;
    const since = typed;
    typed = null;
    requestAnimationFrame(() => setTimeout(() => window.took.push(performance.now() - since)));
  }).observe(document.body, { childList: true, subtree: true });
}"""


def measure(url: str, asked: list[str]) -> list[float]:
    """Milliseconds to the first result of each question."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        page = browser.new_page(locale="en-US")
        page.goto(url)
        page.evaluate(WATCH)
        box = page.locator("input[type=search]").first
        for question in asked:
            box.fill("")
            page.locator("article").first.wait_for(state="detached")
            box.fill(question)
            page.locator("article").first.wait_for()
            page.wait_for_timeout(500)  # the page asks a second time, for the reasons
        took: list[float] = page.evaluate("window.took")
        browser.close()
    return took


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--count", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, passages = archived(options.keep or Path(scratch), options.passages)
        with served(folder, 1) as port:
            took = sorted(measure(f"http://127.0.0.1:{port}", questions()[: options.count]))
    print(f"{machine()}; {passages:,} passages, {len(took)} questions")
    share = sum(time <= 100 for time in took) / len(took)
    points = ", ".join(f"p{part} {took[int(part / 100 * (len(took) - 1))]:.0f} ms" for part in (50, 95, 100))
    print(f"first result after the last keystroke: {points}; {share:.0%} within 100 ms")


if __name__ == "__main__":
    main()
