// @ts-check
// The colours chosen in this browser, set before the first paint; "auto" follows the system.
(() => {
  const root = document.documentElement;
  const chosen = () => localStorage.getItem("theme") ?? "auto";
  /** @param {string} theme */
  const wear = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };
  wear(chosen());
  document.addEventListener("DOMContentLoaded", () => {
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-theme-switch] input")))
      input.checked = input.value === chosen();
  });
  document.addEventListener("change", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (!input.closest("[data-theme-switch]")) return;
    localStorage.setItem("theme", input.value);
    wear(input.value);
  });
})();
