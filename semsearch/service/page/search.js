// Asking while one types: at once, stale requests aborted; what matched is asked for when the typing pauses.

import * as api from "./api.js";

const PAUSE_MS = 8; // after a key, before the hits are asked for: one key may be several events
const COMPOSING_MS = 150; // the same in the middle of a syllable: a letter on its way to kana, a lone jamo
const SETTLED_MS = 140; // after a key, before the highlights are asked for
const KEPT = 30;
const UNFINISHED = /[a-zａ-ｚㄱ-ㅎ]$/i;

export class Search {
  // `answered(answer, complete)`, `failed(error)`, `started()`.
  constructor({ started, answered, failed }) {
    Object.assign(this, { started, answered, failed });
    this.kept = new Map();
    this.timers = [];
    this.controller = null;
  }

  stop() {
    this.timers.forEach(clearTimeout);
    this.timers = [];
    this.controller?.abort();
    this.controller = null;
  }

  forget() {
    this.kept.clear();
  }

  run(state, { typing = false, composing = false } = {}) {
    this.stop();
    const asked = { ...state };
    const key = JSON.stringify([asked.q, asked.lang, asked.since, asked.until, asked.source, asked.mode, asked.min, asked.k, asked.map]);
    const known = this.kept.get(key);
    if (known) return this.answered(known, true);
    this.controller = new AbortController();
    const { signal } = this.controller;
    if (!typing) return this.send(asked, key, true, signal);
    const later = (milliseconds, complete) =>
      this.timers.push(setTimeout(() => this.send(asked, key, complete, signal), milliseconds));
    const unfinished = composing && UNFINISHED.test(asked.q);
    later(unfinished ? COMPOSING_MS : PAUSE_MS, false);
    later(unfinished ? COMPOSING_MS + SETTLED_MS : SETTLED_MS, true);
    return undefined;
  }

  async send(asked, key, complete, signal) {
    this.started();
    try {
      const answer = await api.ask(asked, { explain: complete, project: asked.map, signal });
      if (signal.aborted || (!complete && this.kept.has(key))) return;
      if (complete) {
        this.kept.set(key, answer);
        if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
      }
      this.answered(answer, complete);
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      this.stop();
      this.failed(error);
    }
  }
}
