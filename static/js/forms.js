// @ts-check
// Forms and folds in a page that moves: what somebody is typing, or has opened, is never swapped away.

/** The groups of controls in which something has been typed and not accepted yet. @type {Set<string>} */
const touched = new Set();
/** Those whose form is on its way: htmx finds no place for an answer to a form that has left the page. @type {Set<string>} */
const flying = new Set();
/** The one that is being answered just now. @type {string | undefined} */
let answered;

/** @param {EventTarget | null} target */
const controlsOf = (target) => (target instanceof Element ? target.closest("[id^='controls-']")?.id : undefined);

/** @param {Event} event @returns {string | undefined} the group whose form this request sends */
function sentFrom(event) {
  const { elt, verb, requestConfig } = /** @type {CustomEvent} */ (event).detail;
  return (verb ?? requestConfig?.verb) === "post" && elt.matches("form") ? controlsOf(elt) : undefined;
}

document.addEventListener("input", (event) => {
  const id = controlsOf(event.target);
  if (id) touched.add(id);
});
document.addEventListener("htmx:configRequest", (event) => {
  const id = sentFrom(event);
  if (id) flying.add(id);
});
document.addEventListener("htmx:beforeSwap", (event) => (answered = sentFrom(event)));
document.addEventListener("htmx:afterRequest", (event) => {
  const { successful, xhr } = /** @type {CustomEvent} */ (event).detail;
  const id = sentFrom(event);
  answered = undefined;
  if (!id) return;
  flying.delete(id);
  if (successful) touched.delete(id);
  if (xhr.status === 409) document.body.dispatchEvent(new Event("incident-acted"));
});

/** Only its own answer replaces a group that is being filled in, is on its way, or asks in an open dialog. */
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  const { id } = detail.target;
  const over = !detail.fragment.querySelector("form, dialog"); // what was being filled in is no longer asked
  if (!id.startsWith("controls-") || id === answered || over) return;
  if (touched.has(id) || flying.has(id) || detail.target.querySelector("dialog[open]")) detail.shouldSwap = false;
});

/** @param {HTMLDetailsElement} fold what it is known by, before and after a swap */
const nameOf = (fold) => fold.id || `${fold.parentElement?.closest("[id]")?.id} ${fold.querySelector("summary")?.textContent?.trim()}`;

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = /** @type {CustomEvent} */ (event).detail;
  const folds = /** @type {HTMLDetailsElement[]} */ ([...target.querySelectorAll("details")]);
  const open = new Map(folds.map((fold) => [nameOf(fold), fold.open]));
  for (const fold of fragment.querySelectorAll("details")) fold.open = open.get(nameOf(fold)) ?? fold.open;
});
