// @ts-check
// Writing a retrospective: what is typed and not saved yet stays in this browser, is said so, and is offered again.
import { localTime } from "./clocks.js";

const htmx = /** @type {any} */ (window).htmx;
const RETRY_MS = 5_000;

/** @typedef {{ text: string, at: string }} Kept */

const forms = () => /** @type {HTMLFormElement[]} */ ([...document.querySelectorAll("form[data-kept]")]);
/** @param {HTMLFormElement} form */
const areaOf = (form) => /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
/** @param {HTMLFormElement} form */
const keyOf = (form) => `retrospective:${form.dataset.kept}`;
/** @param {EventTarget | null} target @returns {HTMLFormElement | null} */
const formOf = (target) => (target instanceof Element ? target.closest("form[data-kept]") : null);

/** What the server holds of each section, as far as this page knows. @type {Map<string, string>} */
const saved = new Map();
/** What each request on its way has sent. @type {Map<string, string>} */
const sent = new Map();

/** @param {HTMLFormElement} form @param {string} words @param {string} tone */
function say(form, words, tone) {
  const state = /** @type {HTMLElement} */ (form.querySelector(".save-state"));
  state.dataset.tone = tone;
  state.textContent = words;
}

/** @param {HTMLFormElement} form */
function tooLong(form) {
  const area = areaOf(form);
  return area.value.length > Number(area.dataset.most);
}

/** @param {HTMLFormElement} form @returns {boolean} whether this browser could keep it */
function keep(form) {
  try {
    localStorage.setItem(keyOf(form), JSON.stringify({ text: areaOf(form).value, at: new Date().toISOString() }));
    return true;
  } catch {
    return false; // too large for the browser's own store: it stays in the field alone
  }
}

/** @param {HTMLFormElement} form @returns {Kept | null} */
function keptOf(form) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(form)) ?? "null");
  } catch {
    return null;
  }
}

/** @param {HTMLFormElement} form */
const isDirty = (form) => areaOf(form).value !== saved.get(keyOf(form));

/** @param {HTMLFormElement} form */
function typed(form) {
  if (tooLong(form)) {
    const area = areaOf(form);
    const [length, most] = [area.value.length, Number(area.dataset.most)].map((n) => n.toLocaleString("en-GB"));
    return say(form, `Not saved: these are ${length} characters, and a section holds ${most}. Nothing of it was sent; it stays in the field. Shorten it, or put it elsewhere and link to it.`, "danger");
  }
  const there = keep(form);
  say(form, there ? "Not saved yet; kept in this browser." : "Not saved yet.", "wait");
}

/** @param {HTMLFormElement} form */
function offer(form) {
  const key = keyOf(form);
  if (saved.has(key)) return;
  saved.set(key, areaOf(form).value);
  const [kept, box] = [keptOf(form), /** @type {HTMLElement} */ (form.querySelector(".kept-words"))];
  if (!kept || kept.text === areaOf(form).value) return;
  const at = /** @type {HTMLTimeElement} */ (box.querySelector("[data-kept-at]"));
  at.dateTime = kept.at;
  at.textContent = localTime(new Date(kept.at));
  box.hidden = false;
  /** @type {HTMLDetailsElement} */ (form.closest("details")).open = true;
}

/** @param {HTMLFormElement} form @param {string} what */
function choose(form, what) {
  const kept = keptOf(form);
  /** @type {HTMLElement} */ (form.querySelector(".kept-words")).hidden = true;
  if (what === "drop" || !kept) return localStorage.removeItem(keyOf(form));
  areaOf(form).value = kept.text;
  areaOf(form).dispatchEvent(new Event("input", { bubbles: true }));
  areaOf(form).focus();
}

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (form) typed(form);
});
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-keep]") : null;
  const form = formOf(button);
  if (form && button instanceof HTMLElement) choose(form, button.dataset.keep ?? "drop");
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = formOf(event.target);
  if (!form || event.target !== form) return;
  if (tooLong(form)) return event.preventDefault();
  sent.set(keyOf(form), areaOf(form).value);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = formOf(event.target);
  if (!form || event.target !== form) return;
  const { successful, xhr } = /** @type {CustomEvent} */ (event).detail;
  const [key, text] = [keyOf(form), sent.get(keyOf(form)) ?? ""];
  if (successful) {
    saved.set(key, text);
    if (areaOf(form).value === text) localStorage.removeItem(key);
    return;
  }
  if (xhr.status === 409 || xhr.status === 413 || xhr.status === 403) return;
  say(form, `Not saved: the console did not take it (${localTime(new Date())}). It is kept in this browser and tried again by itself.`, "danger");
  setTimeout(() => isDirty(form) && htmx.trigger(form, "save"), RETRY_MS);
});

/** The section whose choice between two texts is being answered just now. @type {string | undefined} */
let settling;
document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt } = /** @type {CustomEvent} */ (event).detail;
  settling = elt instanceof Element && elt.matches(".conflict form") ? elt.closest(".retro-section")?.id : undefined;
});

/** @param {HTMLElement} section @returns {number} the version on the page: a save moves the form's, a swap the section's */
function shown(section) {
  const posted = /** @type {HTMLInputElement | null} */ (section.querySelector("form[data-kept] [name=version]"));
  return Math.max(Number(section.dataset.version), Number(posted?.value ?? 0));
}

/** A history that somebody reads stays open, and is asked for anew where it has grown. @param {HTMLElement} section @param {HTMLElement} next */
function carryHistory(section, next) {
  const [read, fresh] = [section, next].map((each) => /** @type {HTMLDetailsElement | null} */ (each.querySelector(".history")));
  if (!read?.open || !fresh) return;
  const grown = Number(next.dataset.version) > Number(section.dataset.version);
  fresh.replaceWith(read);
  if (grown) queueMicrotask(() => htmx.trigger(read.querySelector("[hx-get]"), "grown")); // when it is back in the page
}

/** A text that is being written is never swapped away; its own answer, and a choice between two, may. */
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  const section = /** @type {HTMLElement} */ (detail.target);
  if (!section.id.startsWith("section-")) return;
  const form = /** @type {HTMLFormElement | null} */ (section.querySelector("form[data-kept]"));
  const next = /** @type {HTMLElement} */ (detail.fragment.querySelector(`#${section.id}`) ?? detail.fragment.firstElementChild);
  if (Number(next.dataset.version) < shown(section)) {
    detail.shouldSwap = false; // asked for before the last save, and answered after it
    return;
  }
  if (settling === section.id) {
    if (form) [saved, sent].forEach((map) => map.delete(keyOf(form)));
    if (form) localStorage.removeItem(keyOf(form));
    return;
  }
  const busy = form && (isDirty(form) || form.contains(document.activeElement) || section.querySelector(".conflict form"));
  if (!busy) {
    if (form) saved.delete(keyOf(form));
    carryHistory(section, next);
    return;
  }
  detail.shouldSwap = false;
  const note = /** @type {HTMLElement | null} */ (section.querySelector(".meanwhile"));
  const mine = Number(/** @type {HTMLInputElement} */ (form.querySelector("[name=version]")).value);
  if (note && Number(next.dataset.version) > mine && mine >= 0) note.hidden = false;
});

const show = () => forms().forEach(offer);
show();
document.addEventListener("htmx:oobAfterSwap", show);
