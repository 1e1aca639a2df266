// @ts-check
// Native dialogs opened and closed by buttons that name them; copying; ready-made words.

/** @param {MouseEvent} event */
function pressed(event) {
  const button = /** @type {HTMLElement} */ (event.target).closest("button");
  if (!button) return;
  const { opens, closes, copy, fills, words } = button.dataset;
  if (opens) /** @type {HTMLDialogElement | null} */ (document.getElementById(opens))?.showModal();
  if (closes !== undefined) button.closest("dialog")?.close();
  if (copy !== undefined) void copyCode(button);
  if (fills) fill(/** @type {HTMLTextAreaElement} */ (document.getElementById(fills)), words ?? "");
}

/** @param {HTMLElement} button */
async function copyCode(button) {
  const code = button.parentElement?.querySelector(".code")?.textContent ?? "";
  const label = button.querySelector("span") ?? button;
  try {
    await navigator.clipboard.writeText(code);
    label.textContent = "Copied";
  } catch {
    label.textContent = "Select and copy";
  }
  setTimeout(() => (label.textContent = "Copy"), 2000);
}

/** @param {HTMLTextAreaElement} area @param {string} words */
function fill(area, words) {
  area.value = words;
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", pressed);
document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target instanceof HTMLDialogElement) target.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.removeAttribute("open");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.removeAttribute("open");
});
document.addEventListener("htmx:beforeOnLoad", (event) => /** @type {CustomEvent} */ (event).detail.elt.closest("dialog")?.close());
