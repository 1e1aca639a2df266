// @ts-check
// Forms and folds in a page that moves: what somebody is typing, or has opened, is never swapped away.

/** The groups of controls whose forms have been touched and not sent. @type {Set<string>} */
const touched = new Set();

/** @param {EventTarget | null} target */
const controlsOf = (target) => (target instanceof Element ? target.closest("[id^='controls-']")?.id : undefined);

document.addEventListener("input", (event) => {
  const id = controlsOf(event.target);
  if (id) touched.add(id);
});
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, verb } = /** @type {CustomEvent} */ (event).detail;
  const id = controlsOf(elt);
  if (verb === "post" && id && elt.matches("form")) touched.delete(id);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, requestConfig, successful } = /** @type {CustomEvent} */ (event).detail;
  const id = controlsOf(elt);
  if (id && !successful && requestConfig.verb === "post" && elt.matches("form")) touched.add(id);
});

/** A group of controls being filled in, or asking in an open dialog, is not swapped away. */
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  const target = /** @type {Element} */ (detail.target);
  if (!target.id.startsWith("controls-")) return;
  if (touched.has(target.id) || target.querySelector("dialog[open]")) detail.shouldSwap = false;
});

/** @param {HTMLDetailsElement} fold what it is known by, before and after a swap */
const nameOf = (fold) => `${fold.parentElement?.closest("[id]")?.id} ${fold.querySelector("summary")?.textContent?.trim()}`;

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = /** @type {CustomEvent} */ (event).detail;
  const folds = /** @type {HTMLDetailsElement[]} */ ([...target.querySelectorAll("details")]);
  const open = new Map(folds.map((fold) => [nameOf(fold), fold.open]));
  for (const fold of fragment.querySelectorAll("details")) fold.open = open.get(nameOf(fold)) ?? fold.open;
});

/** Hides the questions that follow one answered no. */
function follow() {
  for (const question of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-follows]"))) {
    const said = document.querySelector(`input[name="${question.dataset.follows}"]:checked`);
    question.hidden = /** @type {HTMLInputElement | null} */ (said)?.value === "no";
  }
}
document.addEventListener("change", follow);
document.addEventListener("htmx:load", follow);
