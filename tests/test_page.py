"""The page of `semsearch serve`, in a real browser on a real service. `./scripts/browser` installs what this needs.

Whatever a test does, at its end no script has failed, nothing broke the page's security policy, and no request has
left the service.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

import semsearch
from tests.conftest import ROOT, SEEDS
from tests.serving import serving

PAGE = ROOT / "semsearch" / "service" / "page"
FILES = sorted(path for path in PAGE.rglob("*") if path.is_file())
LOCALES = {"ko": "ko-KR", "ja": "ja-JP", "en": "en-US"}
QUESTIONS = {"ko": "한일 국교 정상화", "en": "semiconductor export controls", "ja": "津波の教訓"}
WATCH = """
    window.violations = [];
    const note = (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    document.addEventListener("securitypolicyviolation", note);
    window.hit = () => { violations.push("a payload ran"); };
"""

Visit = Callable[..., Any]


def chromium() -> str | None:
    """The browser's executable."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("SEMSEARCH_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run ./scripts/browser")
    if not (executable := chromium()):
        pytest.skip("Chromium is not installed: run ./scripts/browser, or set SEMSEARCH_CHROMIUM")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(browser: Any, seeds_index: Path) -> Iterator[str]:
    with serving(seeds_index) as running:
        yield running.url


@contextmanager
def visiting(browser: Any, address: str, expected: str = "") -> Iterator[Visit]:
    """Opens pages; at the end, nothing bad has happened on any. `expected`: what errors may be about."""
    contexts, pages, bad = [], [], []

    def visit(path: str = "/", before: Callable[[Any], None] | None = None, **options: Any) -> Any:
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "reduced_motion": "reduce"} | options
        context = browser.new_context(**options)
        context.set_default_timeout(8000)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("pageerror", lambda error: bad.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (bad.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: request.url.startswith(address) or bad.append(f"left: {request.url}"))
        page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning")
                and not (expected and re.search(expected, said.text))
                and bad.append(f"console: {said.text}")
            ),
        )
        if before:
            before(page)
        page.goto(address + path)
        contexts.append(context)
        pages.append(page)
        return page

    yield visit
    for page in pages:
        bad += page.evaluate("window.violations")
    for context in contexts:
        context.close()
    assert bad == []


@pytest.fixture
def visit(browser: Any, service: str) -> Iterator[Visit]:
    with visiting(browser, service) as visit:
        yield visit


def asking(text: str, **rest: str) -> str:
    return f"/?q={quote(text)}" + "".join(f"&{name}={quote(value)}" for name, value in rest.items())


def ready(page: Any) -> Any:
    """Wait until hits with highlights are shown."""
    page.wait_for_selector(".card mark")
    return page


def until(page: Any, condition: str) -> None:
    """Wait until an expression holds. (Playwright's own way evaluates in the page, which its policy forbids.)"""
    for _ in range(320):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"in vain: {condition}")


def ids(page: Any) -> list[str]:
    return page.eval_on_selector_all(".card", "cards => cards.map(card => card.dataset.id)")


def answer(page: Any, **asked: Any) -> dict[str, Any]:
    """What the service says, asked from the page."""
    return page.evaluate(
        """asked => fetch("/v1/query", {method: "POST", body: JSON.stringify(asked),
            headers: {"Content-Type": "application/json"}}).then(answer => answer.json())""",
        {"k": 20, "explain": True, **asked},
    )


def lookup(page: Any, path: str) -> dict[str, Any]:
    return page.evaluate("path => fetch(path).then(answer => answer.json())", path)


# ---- the files


def test_files_are_small_and_set_text_only_as_text() -> None:
    assert {"index.html", "main.js"} <= {path.name for path in FILES}
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") < 300, path
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            path
        )
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), path
        if path.suffix == ".html":
            assert not re.search(r"\sstyle=|\son\w+=|<script>|<style", text), path


def test_every_module_is_loaded_at_once() -> None:
    preloaded = set(re.findall(r'modulepreload" href="/page/([\w/]+\.js)"', (PAGE / "index.html").read_text()))
    modules = {path.relative_to(PAGE).as_posix() for path in FILES if path.suffix == ".js"}
    assert preloaded == modules - {"main.js", "theme.js"}


def test_every_text_is_there_in_each_language() -> None:
    keys = {
        path.stem: set(re.findall(r'^  "?([\w /]+)"?: "', path.read_text(encoding="utf-8"), re.M))
        for path in (PAGE / "texts").glob("*.js")
    }
    plain = {key for key in keys["en"] if not key.endswith(" one")}  # only English has a singular
    assert keys["ko"] == keys["ja"] == plain
    used = {key for path in PAGE.glob("*.js") for key in re.findall(r'\bt\("([\w /]+)"', path.read_text())}
    used |= set(re.findall(r'data-t(?:-\w+)?="([\w /]+)"', (PAGE / "index.html").read_text()))
    assert used <= plain


# ---- searching


@pytest.mark.parametrize("lang", QUESTIONS)
def test_typing_shows_hits_with_what_matched_marked(visit: Visit, lang: str) -> None:
    page = visit()
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type(QUESTIONS[lang])
    ready(page)
    hits = answer(page, query=QUESTIONS[lang])["hits"]
    assert ids(page) == [hit["id"] for hit in hits]
    shown = page.eval_on_selector_all(
        ".card",
        """cards => cards.map(card => {
            const passage = card.querySelector(".passage");
            const marks = [...passage.querySelectorAll("mark")].map(mark => [mark.textContent, mark.dataset.word]);
            const source = card.querySelector("bdi").textContent;
            return {text: passage.textContent, lang: passage.lang, marks, source};
        })""",
    )
    for card, hit in zip(shown, hits, strict=True):
        assert (card["text"], card["lang"], card["source"]) == (hit["text"], hit["lang"], hit["source"])
        marks = [[hit["text"][mark["start"] : mark["end"]], mark["word"]] for mark in hit["highlights"]]
        assert card["marks"] == marks
    assert page.locator("#count").text_content() == f"{len(hits)} passages"
    until(page, "said.textContent === count.textContent")
    assert page.locator("#said").get_attribute("aria-live") == "polite"


def test_the_first_hit_appears_at_once(visit: Visit, service: str) -> None:
    def instant(page: Any) -> None:
        page.route("**/v1/query", lambda route: route.fulfill(json=fixed))

    page = visit()
    fixed = answer(page, query="kiln", k=5)
    page = visit(before=instant)
    page.evaluate(
        """() => {
            window.waits = [];
            let pressed = 0;
            const box = document.getElementById("q");
            box.addEventListener("input", () => { pressed = performance.now(); }, true);
            new MutationObserver(() => pressed && waits.push(performance.now() - pressed) && (pressed = 0))
                .observe(document.getElementById("hits"), {childList: true});
        }"""
    )
    for letter in "pots":
        page.keyboard.press(letter)
        page.wait_for_timeout(120)
    assert min(page.evaluate("window.waits")) < 100


def test_a_late_answer_to_an_old_query_is_not_shown(visit: Visit) -> None:
    page = visit()
    page.route("**/v1/query", lambda route: None if '"query":"rocket' in route.request.post_data else route.continue_())
    page.fill("#q", "rocket")
    page.wait_for_timeout(60)
    page.fill("#q", "kimchi")
    ready(page)
    assert ids(page) == [hit["id"] for hit in answer(page, query="kimchi")["hits"]]


def test_scores_and_reasons_can_be_read(visit: Visit) -> None:
    page = ready(visit(asking(QUESTIONS["en"])))
    hit = next(hit for hit in answer(page, query=QUESTIONS["en"])["hits"] if hit["lang"] != "en" and hit["matched"])
    card = page.locator(f'.card[data-id="{hit["id"]}"]')
    assert f"{hit['score']:.1f}" in card.locator(".score").text_content()
    card.locator("summary").click()
    reasons = card.locator(".why-body")
    reasons.wait_for()
    assert reasons.locator("dt").count() == len(hit["scores"])
    match = next(match for match in hit["matched"] if match["origin"] == "lexicon")
    assert f"{match['form']} = {match['word']} (lexicon)" in reasons.text_content()
    page.click("#map-toggle")  # drawn anew: what was unfolded stays so
    page.wait_for_selector("canvas")
    card.locator(".why-body").wait_for()


def test_a_story_in_another_language_is_named_once(visit: Visit) -> None:
    asked = "津波の教訓"
    page = ready(visit(asking(asked)))
    hits = answer(page, query=asked)["hits"]
    stories = {hit["id"]: [one["article"] for one in hit["same_story"]] for hit in hits}
    several = next(hit for hit, articles in stories.items() if len(set(articles)) < len(articles))
    assert page.locator(f'.card[data-id="{several}"] .others li').count() == len(set(stories[several]))


def test_examples_search(visit: Visit) -> None:
    page = visit()
    examples = page.locator("#examples a")
    assert [example.get_attribute("lang") for example in examples.all()] == ["ko", "en", "ja"]
    examples.nth(2).click()
    ready(page)
    assert page.input_value("#q") in parse_qs(urlsplit(page.url).query)["q"]


# ---- the keyboard, the address


def test_everything_can_be_done_with_the_keyboard(visit: Visit) -> None:
    page = visit()
    page.keyboard.type(QUESTIONS["ko"])
    ready(page)
    here = "document.activeElement.closest('.card')?.dataset.id"
    first, second = ids(page)[:2]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(here) == first
    page.keyboard.press("ArrowDown")
    assert page.evaluate(here) == second
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.tagName") == "MARK"
    assert page.evaluate("document.activeElement.dataset.word") in page.locator("#tip").text_content()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector("#article .target")
    until(page, "document.activeElement.id === 'article'")
    page.keyboard.press("Escape")
    assert page.locator("#article").is_hidden()
    assert page.evaluate(here) == first
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "q"
    page.locator("#help-open").focus()
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#help").is_hidden()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.input_value("#q") == QUESTIONS["ko"]


def test_the_address_restores_everything_and_back_works(visit: Visit) -> None:
    page = ready(visit(asking(QUESTIONS["ko"])))
    page.click('.chip[data-lang="ja"]')
    until(page, "[...document.querySelectorAll('.card .passage')].every(node => node.lang === 'ja')")
    page.click("#more")
    page.fill("#since", "2018-01-01")
    page.select_option("#mode", "dense")
    until(page, "location.search.includes('since') && location.search.includes('dense')")
    page.locator(".headline").first.click()
    page.wait_for_selector("#article .target")
    page.wait_for_load_state("networkidle")
    other = ready(visit(urlsplit(page.url)._replace(scheme="", netloc="").geturl()))
    other.wait_for_selector("#article .target")
    assert ids(other) == ids(page)
    assert other.locator(".target").text_content() == page.locator(".target").text_content()
    assert (other.input_value("#since"), other.input_value("#mode")) == ("2018-01-01", "dense")
    assert other.locator('.chip[data-lang="ja"]').get_attribute("aria-pressed") == "true"
    for _ in range(3):
        page.go_back()
    until(page, "document.querySelectorAll('.card').length && !location.search.includes('since')")
    assert page.locator("#article").is_hidden()
    page.go_back()
    until(page, "document.querySelector('.card .passage[lang=ko]')")
    page.go_forward()
    until(page, "[...document.querySelectorAll('.card .passage')].every(node => node.lang === 'ja')")


def test_filters_narrow_the_hits(visit: Visit) -> None:
    page = ready(visit(asking("Japan")))
    page.click("#more")
    steps = [
        ("#since", "2019-01-01", {"since": "2019-01-01"}),
        ("#until", "2022-12-31", {"until": "2022-12-31"}),
        ("#source", "seeds/en/*", {"source": "seeds/en/*"}),
    ]
    asked: dict[str, Any] = {"query": "Japan"}
    for selector, value, part in steps:
        page.fill(selector, value)
        asked |= part
        wanted = [hit["id"] for hit in answer(page, **asked)["hits"]]
        until(page, f"[...document.querySelectorAll('.card')].map(c => c.dataset.id).join() === '{','.join(wanted)}'")
    assert page.locator("#active").text_content() == "3"
    assert all("seeds/en/" in text for text in page.locator(".card .where").all_text_contents())
    assert "seeds/*" in page.eval_on_selector_all("#roots option", "all => all.map(one => one.value)")
    page.select_option("#min", "8")
    until(page, "[...document.querySelectorAll('.card .score .num')].every(node => Number(node.textContent) >= 8)")
    page.select_option("#mode", "words")
    until(page, "location.search.includes('mode=words')")
    page.click("#clear")
    until(page, "document.querySelectorAll('.card').length === 20")
    assert urlsplit(page.url).query == "q=Japan"


# ---- article, timeline, map


def test_the_article_opens_with_the_passage_marked(visit: Visit) -> None:
    page = ready(visit(asking(QUESTIONS["ko"]), permissions=["clipboard-read", "clipboard-write"]))
    hits = answer(page, query=QUESTIONS["ko"])["hits"]
    page.locator(".headline").nth(2).click()
    page.wait_for_selector("#article .target")
    hit = hits[2]
    text = lookup(page, f"/v1/articles/{hit['article']}")["article"]["text"]
    assert page.locator("#article .target").text_content() == hit["text"] == text[hit["start"] : hit["end"]]
    assert page.locator("#article .target").get_attribute("lang") == hit["lang"]
    assert page.evaluate(
        """() => { const [pane, mark] = [article, article.querySelector(".target")].map(n => n.getBoundingClientRect());
                   return mark.top >= pane.top && mark.top < pane.bottom; }"""
    )
    others = {one["id"] for one in hits if one["article"] == hit["article"]} - {hit["id"]}
    assert set(page.eval_on_selector_all("#article .hit", "all => all.map(one => one.dataset.id)")) == others
    page.click('[data-copy="copy passage"]')
    until(page, "!document.getElementById('tip').hidden")
    assert page.evaluate("navigator.clipboard.readText()") == hit["text"]
    page.click('[data-copy="copy citation"]')
    until(page, "navigator.clipboard.readText().then(text => text.includes('characters'))")
    cited = page.evaluate("navigator.clipboard.readText()")
    assert f"{hit['source']}:{hit['line_start']}" in cited
    assert f"characters {hit['start']}–{hit['end']}" in cited
    page.click("#article .close")
    assert page.locator("#article").is_hidden()


def test_a_bar_of_the_timeline_filters_the_dates(visit: Visit) -> None:
    page = ready(visit(asking(QUESTIONS["ko"])))
    bars = page.locator(".timeline .bar")
    months = {hit["date"][:7] for hit in answer(page, query=QUESTIONS["ko"])["hits"]}
    assert bars.count() == len(months)
    assert "dated hits between" in page.locator("svg.timeline").get_attribute("aria-label")
    bars.last.focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.timeline .bar').length === 1")
    since = parse_qs(urlsplit(page.url).query)["since"][0]
    assert since.endswith("-01")
    assert since[:7] == max(months)
    page.click("#timeline button")
    until(page, "!location.search.includes('since')")


def test_the_map_shows_the_hits_and_opens_them(visit: Visit) -> None:
    page = ready(visit(asking(QUESTIONS["ja"])))
    page.click("#map-toggle")
    until(page, "document.querySelectorAll('#map li').length === 20")
    titles = [hit["title"] for hit in answer(page, query=QUESTIONS["ja"])["hits"]]
    assert page.locator("#map li").all_text_contents() == titles
    drawn = """() => { const canvas = document.querySelector("canvas"), {width, height} = canvas;
        const drawn = canvas.getContext("2d").getImageData(0, 0, width, height).data;
        return drawn.filter((value, n) => n % 4 === 3 && value).length; }"""
    assert page.evaluate(drawn) > 1000
    picture = "document.querySelector('canvas').toDataURL()"
    whole, around = page.evaluate(picture), page.locator("#map button")
    around.click()
    assert around.get_attribute("aria-pressed") == "true" and page.evaluate(picture) != whole
    around.click()
    assert around.get_attribute("aria-pressed") == "false" and page.evaluate(picture) == whole
    around.click()
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#tip").text_content() == titles[0]
    page.keyboard.press("Enter")
    page.wait_for_selector("#article .target")
    assert page.locator("#article .target").get_attribute("data-id") == ids(page)[0]
    assert "map=1" in page.url
    page.keyboard.press("Escape")
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    tip = page.locator("#tip").bounding_box()
    page.mouse.click(tip["x"] + tip["width"] / 2, tip["y"] + tip["height"] + 16)
    page.wait_for_selector("#article .target")
    page.click("#map-toggle")
    assert page.locator("canvas").is_hidden()


# ---- languages, schemes, sizes


@pytest.mark.parametrize("lang", LOCALES)
def test_the_interface_speaks_three_languages(visit: Visit, lang: str) -> None:
    page = ready(visit(asking(QUESTIONS["en"]), locale=LOCALES[lang]))
    assert page.evaluate("document.documentElement.lang") == lang
    tagline = {"ko": "뜻으로 찾는 기사", "ja": "意味でさがす記事検索", "en": "Find articles by what they mean"}
    assert page.locator("h1").text_content() == tagline[lang]
    other = "ja" if lang != "ja" else "ko"
    page.click(f'[data-ui="{other}"]')
    assert page.locator("h1").text_content() == tagline[other]
    passage = page.locator('.passage[lang="ko"]').first
    assert passage.evaluate("node => getComputedStyle(node).wordBreak") == "keep-all"
    page.reload()
    ready(page)
    assert page.evaluate("document.documentElement.lang") == other
    assert page.locator('.passage[lang="ja"]').first.evaluate("node => getComputedStyle(node).lineBreak") == "strict"


def test_light_and_dark(visit: Visit) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light, dark = visit(color_scheme="light"), visit(color_scheme="dark")
    assert light.evaluate(paper) != dark.evaluate(paper)
    light.click("#theme")
    assert light.evaluate(paper) == dark.evaluate(paper)
    light.reload()
    assert light.evaluate(paper) == dark.evaluate(paper)
    light.click("#theme")
    assert light.evaluate(paper) != dark.evaluate(paper)


@pytest.mark.parametrize("lang", LOCALES)
def test_nothing_is_wider_than_a_small_phone(visit: Visit, lang: str) -> None:
    page = visit(viewport={"width": 320, "height": 640}, locale=LOCALES[lang], has_touch=True)
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    page.click("#more")
    page.click("#map-toggle")
    page.fill("#q", QUESTIONS[lang])
    ready(page)
    page.locator("summary").first.click()
    assert page.evaluate(fits)
    page.locator(".headline").first.click()
    page.wait_for_selector("#article .target")
    assert page.evaluate(fits)
    assert page.evaluate("article.scrollWidth <= article.clientWidth")
    assert page.evaluate("article.getBoundingClientRect().width >= innerWidth - 16")
    page.keyboard.press("Escape")
    assert page.locator("#article").is_hidden()


def test_no_accessibility_rule_is_broken(visit: Visit) -> None:
    where = Path(os.environ.get("SEMSEARCH_AXE") or ROOT / ".venv" / "axe.min.js")
    if not where.is_file():
        pytest.skip("axe-core is not there: run ./scripts/browser, or set SEMSEARCH_AXE to axe.min.js")
    axe = where.read_text(encoding="utf-8")

    def broken(page: Any) -> list[str]:
        page.evaluate(axe)
        rules = page.evaluate("axe.run({resultTypes: ['violations']}).then(found => found.violations)")
        return [f"{rule['id']}: {[node['html'][:200] for node in rule['nodes'][:3]]}" for rule in rules]

    assert broken(visit()) == []
    some = {"source": "seeds/*/00*", "min": "4"}
    for scheme in ("light", "dark"):
        page = ready(
            visit(asking(QUESTIONS["ko"], map="1", since="2025-06-01", **some), color_scheme=scheme, locale="ko-KR")
        )
        page.wait_for_selector("canvas")
        page.locator("summary").first.click()
        page.locator(".headline").nth(1).click()
        page.wait_for_selector("#article .target")
        assert broken(page) == []
    phone = ready(
        visit(
            asking(QUESTIONS["ja"], since="2021-01-01", until="2021-12-31"),
            viewport={"width": 390, "height": 844},
            locale="ja-JP",
        )
    )
    phone.locator(".headline").first.click()
    phone.wait_for_selector("#article .target")
    assert broken(phone) == []
    phone.keyboard.press("Escape")
    phone.click("#help-open")
    assert broken(phone) == []


# ---- when things go wrong


def test_nothing_found_comes_with_advice(visit: Visit) -> None:
    page = visit(asking("kiln", min="90", mode="words"))
    page.wait_for_selector(".notice.nothing")
    page.click(".notice >> text=Clear filters")
    until(page, "!location.search.includes('min') && document.querySelectorAll('.card').length > 0")


@pytest.fixture
def failing(browser: Any, service: str) -> Iterator[Visit]:
    """Like `visit`, where the browser may say that requests fail."""
    with visiting(browser, service, "Failed to load resource") as visit:
        yield visit


def test_an_error_is_told_in_the_words_of_the_server(failing: Visit) -> None:
    told = {"error": {"code": "index", "message": "<b>the index</b> is being moved"}}
    page = failing(
        asking("kiln"), before=lambda page: page.route("**/v1/query", lambda r: r.fulfill(status=503, json=told))
    )
    page.wait_for_selector(".notice.error")
    assert told["error"]["message"] in page.locator(".notice").text_content()
    page.unroute("**/v1/query")
    page.click(".notice button")
    ready(page)


def test_a_key_is_asked_for_and_kept_in_the_tab_only(failing: Visit) -> None:
    def guard(route: Any) -> None:
        if route.request.headers.get("authorization") == "Bearer open sesame":
            route.continue_()
        else:
            route.fulfill(status=401, json={"error": {"code": "key", "message": "an API key is needed"}})

    page = failing(asking("kiln"), before=lambda page: page.route("**/v1/**", guard))
    for key in ("wrong", "open sesame"):
        page.wait_for_selector("#key[open]")
        page.fill("#key-value", key)
        page.keyboard.press("Enter")
    ready(page)
    assert "sesame" not in page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href")
    assert "open sesame" in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_lost_connection_comes_back(failing: Visit) -> None:
    page = failing()
    page.context.set_offline(True)
    page.fill("#q", "kiln")
    page.wait_for_selector(".notice.error")
    page.context.set_offline(False)
    ready(page)


def test_a_busy_server_is_asked_again(failing: Visit) -> None:
    said = []

    def busy(route: Any) -> None:
        said.append(1)
        if len(said) > 1:
            return route.continue_()
        error = {"error": {"code": "busy", "message": "too many queries at a time"}}
        return route.fulfill(status=429, json=error, headers={"Retry-After": "1"})

    page = failing(asking("kiln"), before=lambda page: page.route("**/v1/query", busy))
    page.wait_for_selector(".notice.busy")
    ready(page)


def test_an_empty_archive_says_how_to_fill_it(visit: Visit) -> None:
    empty = {"generation": 1, "files": 0, "articles": 0, "passages": 0, "languages": {}, "roots": []}
    page = visit(before=lambda page: page.route("**/v1/info", lambda route: route.fulfill(json=empty)))
    page.wait_for_selector(".notice.empty")
    assert "semsearch build" in page.locator(".notice").text_content()


# ---- what others wrote is text, never code

RUN = ["hit()", "window.hit()", "top.hit()", "alert(1)", "self['hit']()"]
FORMS = [
    "<script>{}</script>",
    "<img src=x onerror={}>",
    "<svg onload={}>",
    '"><script>{}</script>',
    "'><img src=x onerror={}>",
    "<iframe srcdoc='<script>parent.{}</script>'>",
    "<a href=javascript:{}>link</a>",
    "</title></textarea><details open ontoggle={}>",
    "<style>@import 'javascript:{}'</style><math><mi xlink:href=javascript:{}>",
    "${{{}}} {{{{{}}}}} <input autofocus onfocus={}>",
]
PAYLOADS = [form.replace("{}", run).replace("{{", "{").replace("}}", "}") for form in FORMS for run in RUN]


@pytest.fixture(scope="module")
def hostile(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service over an archive whose every headline, paragraph and address is an attack."""
    folder = tmp_path_factory.mktemp("hostile")
    links = ["javascript:hit()", "data:text/html,<script>hit()</script>", "https://example.org/a"]
    stories = [path.read_text(encoding="utf-8").split("\n")[2] for path in sorted(SEEDS.glob("*/*.txt"))[::2]]
    records = [
        {
            "title": payload,
            "text": f"{payload} {stories[n]} {payload}",
            "date": f"2020-{n % 12 + 1:02}-01",
            "lang": ("ko", "en", "ja")[n % 3],
            "url": links[n % 3],
            "id": f"{n}",
        }
        for n, payload in enumerate(PAYLOADS)
    ]
    text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (folder / "attacks.jsonl").write_text(text, encoding="utf-8")
    semsearch.build([folder / "attacks.jsonl"], folder / "index")
    with serving(folder / "index") as running:
        yield running.url


def test_no_payload_ever_runs(browser: Any, hostile: str) -> None:
    assert len(set(PAYLOADS)) == 50
    with visiting(browser, hostile) as visit:
        page = visit(asking("Korea and Japan", k="50", map="1"))
        ready(page)
        titles = page.locator(".headline").all_text_contents()
        assert len(titles) > 40
        shown = set(titles) | set(page.locator(".other").all_text_contents())
        assert shown <= set(PAYLOADS)
        hits = answer(page, query="Korea and Japan", k=50)["hits"]
        assert page.locator(".passage").all_text_contents() == [hit["text"] for hit in hits]
        assert page.locator(".card :is(script, img, iframe, style, math, input), .card svg[onload]").count() == 0
        by_scheme = {hit["url"].split(":")[0]: hit for hit in reversed(hits)}
        for scheme, hit in by_scheme.items():
            page.locator(f'.card[data-id="{hit["id"]}"] .headline').click()
            page.wait_for_selector(f'#article .target[data-id="{hit["id"]}"]')
            assert page.locator("#article .target").text_content() == hit["text"]
            links = page.locator('#article a[target="_blank"]')
            assert links.count() == (scheme == "https")
            if scheme == "https":
                assert links.get_attribute("rel") == "noopener noreferrer"
        assert set(by_scheme) == {"javascript", "data", "https"}
        page = visit()
        for n, payload in enumerate(PAYLOADS):
            if n % (2 * len(RUN)):
                page.fill("#q", payload)
            else:  # now and then until the answer says what matched
                with page.expect_response(lambda response: '"explain":true' in (response.request.post_data or "")):
                    page.fill("#q", payload)
            assert page.title().startswith(payload.strip()[:10])
        page.wait_for_load_state("networkidle")
        assert page.locator('a[href^="javascript"], a[href^="data"]').count() == 0
        visit(asking(PAYLOADS[0], source=PAYLOADS[5])).wait_for_selector(".notice.nothing")
