// @ts-check
// The page's stream: one EventSource by hand, since it must keep its own cursor and fetch a new ticket before each connect.
// Frames are out-of-band fragments keyed by element id: repeating one is harmless (design/live.md).
import { localTime } from "./clocks.js";

const htmx = /** @type {any} */ (window).htmx;
const lamp = document.getElementById("live");
const LONGEST_WAIT_MS = 15_000;

/** @typedef {"live" | "reconnecting" | "stale" | "still"} State */

class Stream {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.cursor = element.dataset.cursor ?? "0";
    this.failures = 0;
    this.lostAt = new Date();
    this.updatedAt = new Date();
    /** @type {EventSource | null} */
    this.source = null;
    this.retry = 0;
    this.refetching = 0;
  }

  /** @param {State} state @param {string} tone @param {string} words */
  show(state, tone, words) {
    this.element.dataset.state = state;
    this.element.dataset.tone = tone;
    if (this.element.textContent !== words) this.element.textContent = words;
  }

  async connect() {
    try {
      const answer = await fetch(`${this.element.dataset.ticketUrl}?cursor=${this.cursor}`, { headers: { Accept: "application/json" } });
      if (answer.redirected || answer.status === 401 || answer.status === 403) return this.end();
      if (!answer.ok) return this.lose();
      this.open((await answer.json()).url);
    } catch {
      this.lose();
    }
  }

  /** @param {string} url */
  open(url) {
    this.source?.close();
    const source = (this.source = new EventSource(url));
    source.onopen = () => this.found();
    source.onmessage = (event) => this.take(event);
    source.onerror = () => this.lose();
    source.addEventListener("knock", (event) => this.refetch(event, 400));
    source.addEventListener("reset", (event) => this.refetch(event, 0));
    source.addEventListener("stale", () => this.show("stale", "warn", `last update ${localTime(this.updatedAt)}`));
    source.addEventListener("fresh", () => this.found());
    source.addEventListener("bye", () => this.lose());
    source.addEventListener("revoked", () => this.end());
  }

  found() {
    this.failures = 0;
    this.show("live", "ok", "live");
  }

  /** @param {MessageEvent} event */
  take(event) {
    this.moved(event);
    if (this.element.dataset.knocks === undefined) htmx.swap(document.body, event.data, { swapStyle: "none" });
    if (event.lastEventId) document.body.dispatchEvent(new Event("incident-changed"));
  }

  /** Asks for all panels anew. @param {MessageEvent} event @param {number} wait */
  refetch(event, wait) {
    this.moved(event);
    clearTimeout(this.refetching);
    this.refetching = window.setTimeout(() => {
      void htmx.ajax("get", this.element.dataset.panelsUrl, { source: this.element, swap: "none" });
      document.body.dispatchEvent(new Event("incident-changed"));
    }, wait);
  }

  /** @param {MessageEvent} event */
  moved(event) {
    this.updatedAt = new Date();
    if (event.lastEventId) this.cursor = event.lastEventId;
    this.found();
  }

  lose() {
    this.source?.close();
    this.source = null;
    if (this.failures === 0) this.lostAt = new Date();
    this.failures += 1;
    this.show("reconnecting", "warn", `reconnecting since ${localTime(this.lostAt)}`);
    const longest = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.failures);
    clearTimeout(this.retry);
    this.retry = window.setTimeout(() => void this.connect(), longest * (0.5 + Math.random() / 2));
  }

  end() {
    this.source?.close();
    this.source = null;
    this.show("still", "danger", `not live: sign in again (last update ${localTime(this.updatedAt)})`);
  }
}

if (lamp) {
  const stream = new Stream(lamp);
  void stream.connect();
  addEventListener("online", () => stream.source ?? void stream.connect());
  addEventListener("pagehide", () => stream.source?.close());
  addEventListener("pageshow", (event) => event.persisted && void stream.connect());
}

/** Entries that a new one pushes out of the timeline's panel stay above the older ones already fetched. */
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = /** @type {CustomEvent} */ (event).detail;
  const older = document.querySelector("#timeline-older > ol");
  if (target.id !== "panel-timeline" || !older) return;
  const leaving = [...target.querySelectorAll("[id^='entry-']")].filter((entry) => !fragment.querySelector(`#${entry.id}`));
  older.prepend(...leaving);
});

/** A panel that says by its stamp that it is the same is left alone: nobody's press falls between two of them. */
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  const stamp = detail.target.dataset.stamp;
  if (stamp && stamp === detail.fragment.firstElementChild?.dataset.stamp) detail.shouldSwap = false;
});
