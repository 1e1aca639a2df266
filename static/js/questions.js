// @ts-check
// The decision's questions: one that follows another waits for it, a group that is answered folds to one line.

const FOLD_AFTER_MS = 400; // longer than a double click, whose second press must not answer what moves under it

/** @param {Element} question @returns {string | undefined} */
const answerTo = (question) => /** @type {HTMLInputElement | null} */ (question.querySelector("input:checked"))?.value;

/** @param {Element} group */
const unanswered = (group) =>
  /** @type {HTMLFieldSetElement[]} */ ([...group.querySelectorAll("fieldset.question:not([hidden])")]).filter((question) => !answerTo(question));

/** Shows the questions that follow a yes or a "don't know"; what is hidden is not sent. */
function follow() {
  for (const question of /** @type {NodeListOf<HTMLFieldSetElement>} */ (document.querySelectorAll("[data-follows]"))) {
    const parent = /** @type {HTMLElement | null} */ (document.getElementById(`q-${question.dataset.follows}`));
    const answer = parent && !parent.hidden ? answerTo(parent) : undefined;
    question.hidden = question.disabled = answer === undefined || answer === "no";
  }
}

/** @param {Element} group */
function fold(group) {
  if (!unanswered(group).length) group.removeAttribute("open");
}

/** Says no to what is still unanswered here; what has been answered stays. @param {HTMLElement} button */
function noToAll(button) {
  const group = /** @type {HTMLDetailsElement} */ (button.closest("details"));
  for (const question of unanswered(group)) {
    /** @type {HTMLInputElement} */ (question.querySelector("input[value=no]")).checked = true;
  }
  for (const name of ["input", "change"]) group.dispatchEvent(new Event(name, { bubbles: true }));
  fold(group);
  group.querySelector("summary")?.focus();
}

/** Brings an open question under the finger. @param {string} id */
function ask(id) {
  const question = document.getElementById(id);
  question?.closest("details")?.setAttribute("open", "");
  question?.scrollIntoView({ block: "center" });
  question?.querySelector("input")?.focus({ preventScroll: true });
}

/** @param {MouseEvent} event */
function pressed(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const asking = /** @type {HTMLElement | null} */ (target.closest("[data-asks]"));
  if (asking) {
    event.preventDefault();
    return ask(asking.dataset.asks ?? "");
  }
  const no = /** @type {HTMLElement | null} */ (target.closest("[data-no-to-all]"));
  if (no) return noToAll(no);
  const group = target.matches("input[type=radio]") && target.closest(".question-group");
  // The keyboard passes over answers on its way; only a pointer's answer is final enough to fold.
  if (group && event.detail > 0) setTimeout(() => fold(group), FOLD_AFTER_MS);
}

/** What was picked, begun or opened in the advice while older advice was on its way stays as it is. */
function keepTheChoice() {
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement | null} */ (document.querySelector(`#advice ${name}`));
  let kept = { path: "", reason: "", writing: false, open: /** @type {string[]} */ ([]), typed: /** @type {[string, string][]} */ ([]) };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (/** @type {Element} */ (event.target).id !== "advice") return;
    const words = field("[name=reason]");
    kept = {
      path: field("input[name=path]:checked:not([data-advised])")?.value ?? "",
      reason: words?.value ?? "",
      writing: document.activeElement === words,
      open: [...document.querySelectorAll("#advice details[open]")].map((fold) => fold.id),
      typed: /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("#advice [data-kept]")]).map((each) => [each.id, each.value]),
    };
  });
  document.addEventListener("htmx:afterSwap", () => {
    const [choice, words] = [kept.path ? field(`input[name=path][value=${kept.path}]`) : null, field("[name=reason]")];
    if (choice) choice.checked = true;
    if (words) words.value ||= kept.reason;
    if (kept.writing) words?.focus();
    for (const [id, value] of kept.typed) {
      const again = field(`#${id}`);
      if (again && value) again.value = value;
    }
    for (const id of kept.open) field(`#${id}`)?.setAttribute("open", "");
    kept = { path: "", reason: "", writing: false, open: [], typed: [] };
  });
}

keepTheChoice();
document.addEventListener("click", pressed);
document.addEventListener("change", follow);
document.addEventListener("htmx:load", follow);
