// @ts-check
// Single keys: `?` shows them, `g` then a letter goes somewhere, a letter presses the button that names it.

const PLACES = /** @type {Record<string, string>} */ ({ n: "/", i: "/incidents/", c: "/changes/", a: "/approvals/", p: "/procedure/" });
let going = 0;

const allowed = () => localStorage.getItem("keys") !== "off";
const help = () => /** @type {HTMLDialogElement} */ (document.getElementById("keys"));

/** @param {EventTarget | null} target */
const typing = (target) => target instanceof HTMLElement && target.matches("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !allowed()) return;
  if (document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (Date.now() - going < 1200 && PLACES[key]) return location.assign(PLACES[key]);
  going = key === "g" ? Date.now() : 0;
  if (key === "?") return showHelp(event);
  if (key === "/") return reach(event, document.querySelector("input[type=search], input[name=q]"));
  if (/^[a-z]$/.test(key)) reach(event, document.querySelector(`[data-key="${key}"]`));
}

/** Brings the element into view and under the finger: pressing Enter is the person's own act. @param {KeyboardEvent} event @param {Element | null} element */
function reach(event, element) {
  if (!(element instanceof HTMLElement)) return;
  event.preventDefault();
  element.scrollIntoView({ block: "center" });
  element.focus({ preventScroll: true });
}

/** @param {Event} event */
function showHelp(event) {
  event.preventDefault();
  const list = /** @type {HTMLElement} */ (help().querySelector("[data-page-keys]"));
  const keyed = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-key]")]);
  const first = keyed.filter((element, at) => keyed.findIndex((other) => other.dataset.key === element.dataset.key) === at);
  const rows = first.map((element) => {
    const [term, words, key] = [document.createElement("dt"), document.createElement("dd"), document.createElement("kbd")];
    key.textContent = element.dataset.key ?? "";
    words.textContent = element.dataset.keyWords ?? "";
    term.append(key);
    return [term, words];
  });
  list.replaceChildren(...rows.flat());
  help().showModal();
}

document.addEventListener("keydown", pressed);
const toggle = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-keys-switch]"));
if (toggle) {
  toggle.checked = allowed();
  toggle.addEventListener("change", () => localStorage.setItem("keys", toggle.checked ? "on" : "off"));
}
