// @ts-check
// The notices: refusals (409, 403) are swapped in by htmx itself; what is said here is that no answer came, or another than hoped for.

const box = () => /** @type {HTMLElement} */ (document.getElementById("notices"));

/** @param {string} words @param {"danger" | "warn" | "accent"} tone */
export function say(words, tone = "danger") {
  const [notice, mark, body, close] = ["div", "strong", "div", "button"].map((name) => document.createElement(name));
  notice.className = "notice";
  notice.dataset.tone = tone;
  mark.textContent = "!";
  body.textContent = words;
  close.className = "close";
  close.textContent = "×";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", "Dismiss");
  notice.append(mark, body, close);
  box().replaceChildren(notice);
}

const WORDS = /** @type {Record<number, string>} */ ({
  403: "You may not do this, or your sign-in has ended. Reload the page.",
  404: "This is no longer there. Reload the page.",
  413: "That was too long.",
  429: "Too many at once. Wait a few seconds and press again.",
});

/** A whole page came where a notice was due: the session or its token has gone. @param {XMLHttpRequest} xhr */
const isPage = (xhr) => xhr.responseText.includes("<!doctype");

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = /** @type {CustomEvent} */ (event).detail;
  if (xhr.status === 409 || xhr.status === 422 || (xhr.status === 403 && !isPage(xhr))) return;
  say(WORDS[xhr.status] ?? `The console answered ${xhr.status}. What you typed is kept; look at the timeline before you press again.`);
});
document.addEventListener("htmx:sendError", (event) => {
  const { requestConfig } = /** @type {CustomEvent} */ (event).detail;
  if (requestConfig.verb === "post") say("The console did not answer. It is not known whether this took effect: look at the timeline before you press again.");
});

/** A sign-in page that came instead of a fragment is gone to, never swapped in. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  if (detail.xhr.status === 403 && isPage(detail.xhr)) detail.shouldSwap = false;
  const answered = new URL(detail.xhr.responseURL || location.href);
  if (!answered.pathname.startsWith("/accounts/") || location.pathname.startsWith("/accounts/")) return;
  detail.shouldSwap = false;
  answered.searchParams.set("next", location.pathname + location.search);
  location.assign(answered);
});

document.addEventListener("click", (event) => {
  const close = /** @type {Element} */ (event.target).closest("[data-dismiss]");
  close?.closest(".notice")?.remove();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (/** @type {Element} */ (event.target).id === "notices") box().scrollIntoView({ block: "nearest" });
});
