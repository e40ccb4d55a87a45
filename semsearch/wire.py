"""Passages, hits and answers as plain JSON values, and back: one shape for command line, service and client."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import date
from typing import Any

from semsearch.offsets import utf16_offsets
from semsearch.records import Answer, FullArticle, Highlight, Hit, MatchedWord, Passage, Place

Json = dict[str, Any]

_PASSAGE = tuple(field.name for field in fields(Passage) if field.name != "place")


def passage_json(passage: Passage) -> Json:
    """A passage, with its offsets in its article in code points, bytes and UTF-16 units."""
    return {
        "id": passage.id,
        "article": passage.article,
        "source": passage.source,
        "title": passage.title,
        "date": _day(passage.date),
        "lang": passage.lang,
        "text": passage.text,
        **passage.place._asdict(),
        "encoding": passage.encoding,
        "locator": passage.locator,
        "url": passage.url,
        "external_id": passage.external_id,
    }


def hit_json(hit: Hit, explain: bool = False) -> Json:
    """A hit: the passage's fields, and what is said of it as an answer. Highlights count in the passage's text."""
    out = {"rank": hit.rank, "score": round(hit.score, 6), **passage_json(hit.passage)}
    out["also_in"] = [passage_json(other) for other in hit.also_in]
    out["same_story"] = [passage_json(other) for other in hit.same_story]
    out["scores"] = {name: round(value, 6) for name, value in hit.scores}
    if explain:
        units = utf16_offsets(hit.passage.text, [edge for mark in hit.highlights for edge in (mark.start, mark.end)])
        out["highlights"] = [
            {**asdict(mark), "start_utf16": start, "end_utf16": end}
            for mark, start, end in zip(hit.highlights, *[iter(units)] * 2, strict=True)
        ]
        out["matched"] = [asdict(match) for match in hit.matched]
    if hit.context:
        out["context"] = [passage_json(passage) for passage in hit.context]
    return out


def answer_json(answer: Answer, took_ms: float, explain: bool = False) -> Json:
    """An answer: `query`, `model`, `generation`, `took_ms` and `hits`."""
    return {
        "query": answer.query,
        "model": answer.model,
        "generation": answer.generation,
        "took_ms": took_ms,
        "hits": [hit_json(hit, explain) for hit in answer.hits],
    }


def article_json(article: FullArticle) -> Json:
    """An article with the offsets of its passages in its text; their texts are not repeated."""
    spans = [{"id": p.id, "lang": p.lang, **p.place._asdict()} for p in article.passages]
    return {**{name: getattr(article, name) for name in _ARTICLE}, "date": _day(article.date), "passages": spans}


_ARTICLE = tuple(field.name for field in fields(FullArticle) if field.name not in ("date", "passages"))


def passage_of(value: Json) -> Passage:
    """The passage that `passage_json` wrote; more fields do no harm. Raises KeyError or ValueError."""
    known = {name: value[name] for name in _PASSAGE}
    return Passage(**{**known, "date": _date(value["date"])}, place=_place(value))


def hit_of(value: Json) -> Hit:
    """The hit that `hit_json` wrote."""
    marks = value.get("highlights", ())
    return Hit(
        rank=value["rank"],
        score=value["score"],
        passage=passage_of(value),
        also_in=tuple(map(passage_of, value["also_in"])),
        same_story=tuple(map(passage_of, value["same_story"])),
        scores=tuple(value["scores"].items()),
        highlights=tuple(Highlight(m["start"], m["end"], m["weight"], m["word"]) for m in marks),
        matched=tuple(MatchedWord(**match) for match in value.get("matched", ())),
        context=tuple(map(passage_of, value.get("context", ()))),
    )


def answer_of(value: Json) -> Answer:
    """The answer that `answer_json` wrote."""
    return Answer(value["query"], value["model"], value["generation"], tuple(map(hit_of, value["hits"])))


def article_of(value: Json) -> FullArticle:
    """The article that `article_json` wrote."""
    known = {name: value[name] for name in _ARTICLE}
    day = _date(value["date"])
    shared = {name: known[name] for name in ("source", "title", "encoding", "locator", "url", "external_id")}
    passages = tuple(
        Passage(
            id=span["id"],
            text=known["text"][span["start"] : span["end"]],
            date=day,
            lang=span["lang"],
            place=_place(span),
            article=known["id"],
            **shared,
        )
        for span in value["passages"]
    )
    return FullArticle(**known, date=day, passages=passages)


def _place(value: Json) -> Place:
    return Place(*(value[name] for name in Place._fields))


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
