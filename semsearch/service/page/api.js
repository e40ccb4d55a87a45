// The service's HTTP interface. Nothing else on this page talks to the network.

import { store } from "./dom.js";

const KEY = "semsearch.key";

// `status` 0: the server was not reached. `message` is the server's own, one line for people.
export class ApiError extends Error {
  constructor(status, message, wait = 0) {
    super(message);
    this.status = status;
    this.wait = wait;
  }
}

export const setKey = (key) => store("sessionStorage", KEY, key || null);

async function call(path, { body, signal } = {}) {
  const headers = { Accept: "application/json" };
  const key = store("sessionStorage", KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method: body ? "POST" : "GET",
      headers,
      body: body && JSON.stringify(body),
      signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "");
  }
  let value = null;
  try {
    value = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  if (answer.ok && value) return value;
  throw new ApiError(answer.status, value?.error?.message ?? "", Number(answer.headers.get("Retry-After")) || 0);
}

export function ask(state, { explain, project, signal }) {
  const body = { query: state.q, k: state.k, mode: state.mode, explain, project };
  if (state.lang.length) body.lang = state.lang;
  for (const name of ["since", "until", "source"]) if (state[name]) body[name] = state[name];
  if (state.min !== "") body.min_score = Number(state.min);
  return call("/v1/query", { body, signal });
}

export const info = () => call("/v1/info");
export const map = () => call("/v1/map");
export const article = async (id, signal) => (await call(`/v1/articles/${encodeURIComponent(id)}`, { signal })).article;
export const passage = async (id, signal) => (await call(`/v1/passages/${encodeURIComponent(id)}`, { signal })).passage;
