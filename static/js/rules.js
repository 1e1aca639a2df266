// @ts-check
// A rule's text where its tag is pressed, instead of leaving the page; a second press, or another key, follows the link.

const bubble = /** @type {HTMLElement} */ (document.getElementById("rule-text"));

/** @param {HTMLAnchorElement} tag */
function show(tag) {
  const [name, text, link] = [document.createElement("strong"), document.createElement("p"), document.createElement("a")];
  name.textContent = tag.textContent;
  text.textContent = tag.title;
  link.href = tag.href;
  link.textContent = "Read the procedure";
  bubble.replaceChildren(name, text, link);
  bubble.showPopover();
  const at = tag.getBoundingClientRect();
  bubble.style.left = `${Math.max(8, Math.min(at.left, innerWidth - bubble.offsetWidth - 8))}px`;
  bubble.style.top = `${at.bottom + bubble.offsetHeight + 8 > innerHeight ? at.top - bubble.offsetHeight - 6 : at.bottom + 6}px`;
}

document.addEventListener("click", (event) => {
  const tag = /** @type {Element} */ (event.target).closest("a.rule");
  if (!(tag instanceof HTMLAnchorElement) || !tag.title || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(tag);
});
