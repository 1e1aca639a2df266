// @ts-check
// Moments in local time (UTC stays on hover) and clocks that run. Without this script the server's words stand.

const FORMS = /** @type {Record<string, Intl.DateTimeFormatOptions>} */ ({
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  date: { day: "numeric", month: "short", year: "numeric" },
});
const formats = Object.fromEntries(Object.entries(FORMS).map(([name, form]) => [name, new Intl.DateTimeFormat("en-GB", form)]));

/** @param {number} seconds the words of `clock_words` in templatetags/console.py */
export function clockWords(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  const sign = seconds <= -1 ? "−" : "";
  const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const days = Math.floor(whole / 86400);
  const [h, m, s] = [Math.floor((whole % 86400) / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (days) return `${sign}${days} d ${pad(h)}:${pad(m)}`;
  return h ? `${sign}${h}:${pad(m)}:${pad(s)}` : `${sign}${pad(m)}:${pad(s)}`;
}

/** @param {Date} at */
export const localTime = (at) => formats.time.format(at);

function localise() {
  for (const element of document.querySelectorAll("[data-moment]:not([data-local])")) {
    const at = new Date(element.getAttribute("datetime") ?? element.getAttribute("data-at") ?? "");
    if (Number.isNaN(at.valueOf())) continue;
    element.textContent = formats[element.getAttribute("data-moment") ?? "time"].format(at).replace(",", "");
    element.setAttribute("data-local", "");
  }
}

function tick() {
  const now = Date.now();
  for (const clock of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-clock]"))) {
    const passed = (now - Date.parse(clock.dateTime)) / 1000;
    const words = clockWords(clock.dataset.clock === "countdown" ? -passed : Math.max(passed, 0));
    if (clock.textContent !== words) clock.textContent = words;
  }
}

function show() {
  localise();
  tick();
}

show();
setInterval(tick, 1000);
document.addEventListener("htmx:load", show);
document.addEventListener("htmx:oobAfterSwap", show);
document.addEventListener("htmx:afterSettle", show);
