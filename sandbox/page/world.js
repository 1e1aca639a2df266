// Asks once a second what the world looks like, and shows what changed.

import { draw } from "./chart.js";

/** @typedef {Record<string, any>} Seen */

const TONES = { success: "ok", failure: "danger", cancelled: "idle", in_progress: "accent", queued: "idle", waiting: "wait" };
const MARKS = { success: "✓", failure: "!", cancelled: "–", in_progress: "", queued: "", waiting: "?" };
const FAULTS = {
  500: "answers 500", 502: "answers 502", 429: "rate limit (429)", secondary_rate_limit: "secondary rate limit (403)",
  primary_rate_limit: "primary rate limit (403)", slow: "slow by 3 s", hang: "hangs", drop_before: "connection lost before the effect",
  drop_after: "connection lost after the effect", missing_webhook: "webhook lost", double_webhook: "webhook twice", reordered_webhook: "webhook late",
};

/** @param {string} id @returns {any} */
const at = (id) => document.getElementById(id);

/** @param {unknown} text */
function safe(text) {
  const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(text ?? "").replace(/[&<>"']/g, (mark) => marks[/** @type {keyof typeof marks} */ (mark)]);
}

const shown = new Map();

/** Replace what `id` shows, only when it changed: focus and selection survive. @param {string} id @param {string} html */
function show(id, html) {
  if (shown.get(id) === html) return;
  shown.set(id, html);
  at(id).innerHTML = html;
}

/** @param {string[]} rows @param {string} none */
const list = (rows, none) => (rows.length ? rows.join("") : `<li class="none">${none}</li>`);
const clock = (/** @type {string} */ moment) => new Date(moment).toLocaleTimeString([], { hour12: false });
const short = (/** @type {string} */ sha) => safe(sha.slice(0, 7));
const percent = (/** @type {number} */ ratio) => `${(ratio * 100).toFixed(ratio < 0.1 ? 1 : 0)} %`;
const millis = (/** @type {number} */ seconds) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`);

/** @param {string} moment */
function ago(moment) {
  const seconds = Math.max(0, (Date.now() - Date.parse(moment)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86400 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86400)} d ago`;
}

/** @param {Seen} seen @returns {[string, string, string]} tone, sentence, what follows */
function verdict(seen) {
  const { metrics, alerts, shop } = seen.parts;
  const firing = alerts.alerts.find((/** @type {Seen} */ one) => one.state === "firing");
  const down = shop.instances.filter((/** @type {Seen} */ one) => !one.up);
  const [errors, latency, rate, wrong] = ["error_ratio", "latency", "requests", "wrong_totals"].map((name) => metrics[name].at(-1));
  const measured = `${(rate ?? 0).toFixed(0)} requests a second · ${percent(errors ?? 0)} errors · ${millis(latency ?? 0)} at the 95th percentile`;
  const told = `The alert has fired${firing?.heard ? " and the console was told" : "; the console has not heard yet"}.`;
  if (firing?.name === "ShopErrorRatioHigh") return ["danger", "Customers are getting errors.", `${measured}. ${told}`];
  if (firing) return ["danger", "Customers are kept waiting.", `${measured}. ${told}`];
  if (errors === null) return ["idle", "The shop is opening.", "Its first deploy is on its way."];
  if (errors > 0.05) return ["warn", "Errors are rising.", `${measured}. The alert fires when this lasts two seconds.`];
  if (wrong) return ["warn", "Customers are charged wrongly.", `${wrong} wrong totals in the last ten seconds, and no alert sees it: declare it by hand.`];
  if (down.length) return ["warn", `${down.map((/** @type {Seen} */ one) => one.name).join(" and ")} is down.`, `${measured}. The other instance carries the load.`];
  return ["ok", "The shop is well.", measured + "."];
}

/** @param {Seen} seen */
function showNow(seen) {
  const [tone, sentence, rest] = verdict(seen);
  at("now").dataset.tone = tone;
  const open = seen.console && tone !== "ok" ? `<a class="button" data-kind="primary" href="${safe(seen.console)}">Open the console</a>` : "";
  show("now", `<p>${safe(sentence)}<br><small>${safe(rest)}</small></p>${open}`);
}

/** @param {string} id */
const width = (id) => at(id).clientWidth || 720;

/** @param {Seen} seen */
function showSignals(seen) {
  const { metrics, alerts } = seen.parts;
  const limit = (/** @type {string} */ name) => alerts.alerts.find((/** @type {Seen} */ one) => one.name === name).threshold;
  const words = { "shop.deployed": "deployed", "shop.deploy_failed": "deploy failed", "alert.firing": "alert", "alert.resolved": "resolved" };
  const moments = seen.marks.map((/** @type {Seen} */ entry) => ({
    at: Date.parse(entry.at) / 1000,
    words: words[/** @type {keyof typeof words} */ (entry.effect)] + (entry.effect === "shop.deployed" ? " " + entry.key.slice(0, 7) : ""),
  }));
  const common = { until: metrics.until, seconds: metrics.seconds };
  show("chart-errors", draw({ ...common, width: width("chart-errors"), values: metrics.error_ratio, limit: limit("ShopErrorRatioHigh"), least: 0.1, tone: "accent",
    title: "Answers that are errors", show: percent, moments }));
  show("chart-latency", draw({ ...common, width: width("chart-latency"), values: metrics.latency, limit: limit("ShopLatencyHigh"), least: 1, tone: "accent",
    title: "Latency, 95th percentile", show: millis, moments: [] }));
  show("traffic", `dashed: where the alert fires · ${(metrics.requests.at(-1) ?? 0).toFixed(0)} requests a second`);
}

/** @param {Seen} seen */
function showInstances(seen) {
  const titles = new Map(seen.commits.map((/** @type {Seen} */ commit) => [commit.sha, commit.title]));
  show("instances", seen.parts.shop.instances.map((/** @type {Seen} */ one) => `<div class="instance"><strong>${safe(one.name)}</strong>
    <span class="badge" data-tone="${one.up ? "ok" : "danger"}">${one.up ? "✓ up" : "✕ down"}</span>
    <span class="runs">${one.sha ? `<code>${short(one.sha)}</code> ${safe(titles.get(one.sha))}` : "nothing deployed yet"}</span></div>`).join(""));
}

/** @param {Seen} seen */
function showCode(seen) {
  const running = (/** @type {string} */ sha) => seen.parts.shop.instances.filter((/** @type {Seen} */ one) => one.sha === sha);
  const titles = new Map(seen.commits.map((/** @type {Seen} */ commit) => [commit.sha, commit.title]));
  show("commits", list(seen.commits.map((/** @type {Seen} */ commit) => {
    const tags = running(commit.sha).map((/** @type {Seen} */ one) => `<span class="badge" data-tone="${one.up ? "ok" : "danger"}">${safe(one.name)}${one.up ? "" : " down"}</span>`);
    return `<li><span class="sha">${short(commit.sha)}</span><span class="what"><a href="${safe(commit.url)}">${safe(commit.title)}</a></span>
      ${tags.join("")}<small class="author">${safe(commit.author)}</small><time title="${safe(commit.at)}">${ago(commit.at)}</time></li>`;
  }), "No commit yet."));
  show("runs", list(seen.parts.actions.runs.slice(0, 6).map((/** @type {Seen} */ one) => run(one, titles)), "No run yet."));
  show("pulls", list(seen.parts.github.pull_requests.slice(0, 6).map(pull), "None yet."));
}

/** @param {Seen} one @param {Map<string, string>} titles */
function run(one, titles) {
  const state = /** @type {keyof typeof TONES} */ (one.conclusion ?? one.status);
  return `<li data-tone="${TONES[state] ?? "idle"}"><span class="mark" data-state="${safe(state)}" aria-hidden="true">${MARKS[state] ?? ""}</span>
    <span class="what"><a href="${safe(one.url)}">${safe(titles.get(one.sha) ?? one.title)}</a></span><small>${safe(String(state).replace("_", " "))}</small><span class="sha">${short(one.sha)}</span></li>`;
}

/** @param {Seen} one */
function pull(one) {
  const tone = one.state === "open" ? "accent" : one.state === "merged" ? "wait" : "idle";
  return `<li><span class="sha">#${safe(one.number)}</span><span class="what"><a href="${safe(one.url)}">${safe(one.title)}</a></span>
    <small>${safe(one.author)}</small><span class="badge" data-tone="${tone}">${safe(one.state)}</span></li>`;
}

/** @param {Seen} seen */
function showWords(seen) {
  const { messages, channels, people } = seen.parts.slack;
  const heard = messages.filter((/** @type {Seen} */ one) => one.to || channels[one.channel] === "engineering-incidents");
  show("chat", list(heard.slice(-12).reverse().map(message), "Nobody has said anything yet."));
  show("press-as", people.map((/** @type {string} */ who) => `<option>${safe(who)}</option>`).join(""));
  at("pressing").hidden = !heard.some((/** @type {Seen} */ one) => !one.to && one.buttons.length);
  const status = seen.parts.status ?? { components: [], updates: [] };
  show("public", list(status.components.map((/** @type {Seen} */ one) => `<li><span class="what">${safe(one.name)}</span>
    <span class="badge" data-tone="${one.status === "operational" ? "ok" : "danger"}">${one.status === "operational" ? "✓" : "!"} ${safe(one.status)}</span></li>`), "Nothing."));
  show("told", status.updates.slice(0, 4).map((/** @type {Seen} */ one) => `<li><span class="what">${safe(one.title)}: ${safe(one.message)}</span>
    <small>${one.sent ? "sent to subscribers" : "on the page only"}</small><time title="${safe(one.at)}">${ago(one.at)}</time></li>`).join(""));
}

/** @param {Seen} one */
function message(one) {
  const to = one.to ? ` <span class="badge" data-tone="wait">to ${safe(one.to)} alone</span>` : "";
  const buttons = one.buttons.map((/** @type {Seen} */ button) => pressable(one, button));
  return `<li><span class="face" aria-hidden="true">RC</span>
    <span><strong>Rollback Console</strong>${to} <time class="soft">${clock(new Date(one.ts * 1000).toISOString())}</time></span><span class="says">${safe(one.text || "(blocks only)")}</span>
    ${buttons.length ? `<span class="presses">${buttons.join("")}</span>` : ""}</li>`;
}

/** A direct message's button is pressed by its person, a channel's by whoever is chosen. @param {Seen} one @param {Seen} button */
function pressable(one, button) {
  const words = safe(button.text.text);
  if (button.url) return `<a class="button" data-size="small" href="${safe(button.url)}">${words}</a>`;
  const kind = button.style ? `data-kind="${safe(button.style)}"` : "";
  return `<button class="button" data-size="small" ${kind} data-press data-channel="${safe(one.channel)}" data-ts="${safe(one.ts)}"
    data-action="${safe(button.action_id)}" data-person="${safe(one.to)}">${words}</button>`;
}

/** @param {Seen} entry */
function line(entry) {
  const quiet = entry.effect.startsWith("webhook.");
  const detail = Object.entries({ ...(entry.key ? { key: entry.key } : {}), ...entry.detail }).filter(([, value]) => value !== null && value !== "");
  return `<li ${quiet ? "data-quiet" : ""}><time>${clock(entry.at)}</time><span class="effect">${safe(entry.effect)}</span>
    <span class="detail" title="${safe(JSON.stringify(entry.detail))}">${safe(detail.map(([name, value]) => `${name} ${value}`).join(" · "))}</span></li>`;
}

/** @param {Seen} seen */
function showRecord(seen) {
  show("journal", list(seen.journal.slice().reverse().map(line), "Nothing has happened yet."));
  const armed = seen.faults.armed.map((/** @type {Seen} */ one) => `<li><span class="what">${safe(FAULTS[/** @type {keyof typeof FAULTS} */ (one.kind)] ?? one.kind)}
    · ${safe(one.part === "*" ? "everywhere" : one.part)} · ${safe(one.times)} ×</span><span class="badge" data-tone="warn">armed</span></li>`);
  const next = seen.parts.actions.next;
  if (next !== "ok") armed.push(`<li><span class="what">the next deploy: ${safe(next)}</span><span class="badge" data-tone="warn">armed</span></li>`);
  show("armed", armed.length ? `${armed.join("")}<li><button class="button" data-size="small" data-clear>Clear all</button></li>` : "");
}

/** @param {Seen} seen */
function showOnce(seen) {
  if (shown.has("scenarios")) return;
  show("scenarios", seen.scenarios.map((/** @type {Seen} */ one) => `<button class="scenario" data-scenario="${safe(one.name)}"><strong>${safe(one.button)}</strong><small>${safe(one.effect)}</small></button>`).join(""));
  const fixes = seen.scenarios.filter((/** @type {Seen} */ one) => one.fix);
  show("fixes", fixes.map((/** @type {Seen} */ one) => `<button class="button" data-size="small" data-fix="${safe(one.name)}">Prepare a fix: ${safe(one.fix)}</button>`).join(""));
  show("kinds", seen.faults.kinds.map((/** @type {keyof typeof FAULTS} */ kind) => `<option value="${safe(kind)}">${safe(FAULTS[kind] ?? kind)}</option>`).join(""));
  at("console").hidden = !seen.console;
  at("console").href = seen.console;
}

/** @param {string} words @param {string} tone */
function live(words, tone) {
  at("live").textContent = words;
  at("live").dataset.tone = tone;
}

async function look() {
  try {
    const seen = await (await fetch("control/page")).json();
    [showOnce, showNow, showSignals, showInstances, showCode, showWords, showRecord].forEach((part) => part(seen));
    live("live", "ok");
  } catch (lost) {
    live("not answering", "danger");
  }
}

/** @param {string} path @param {object} body @param {string} [method] @returns {Promise<Seen>} */
async function order(path, body, method = "POST") {
  const answer = await fetch(`control/${path}`, { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  const said = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return said;
}

/** @param {HTMLElement} button @param {() => Promise<string>} act */
async function press(button, act) {
  button.toggleAttribute("disabled", true);
  try {
    show("answer", await act());
  } catch (refused) {
    show("answer", `<span class="badge" data-tone="warn">refused</span> ${safe(/** @type {Error} */ (refused).message)}`);
  } finally {
    button.toggleAttribute("disabled", false);
    await look();
  }
}

/** @param {string} scenario */
async function breakIt(scenario) {
  const { merged } = await order("break", { scenario });
  const links = merged.map((/** @type {Seen} */ one) => `<a href="${safe(one.url)}">#${safe(one.pull_request)} ${safe(one.title)}</a>`);
  return `Merged ${links.join(" and ")} at ${clock(new Date().toISOString())}. The deploy is on its way; customers will notice in a few seconds.`;
}

/** @param {string} scenario */
async function prepareFix(scenario) {
  const { opened } = await order("fix", { scenario });
  return `Opened <a href="${safe(opened.url)}">#${safe(opened.pull_request)} ${safe(opened.title)}</a>: a prepared fix, merged by nobody yet.`;
}

at("fixes").addEventListener("click", (/** @type {Event} */ event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-fix]");
  if (button instanceof HTMLElement) press(button, () => prepareFix(button.dataset.fix ?? ""));
});

at("scenarios").addEventListener("click", (/** @type {Event} */ event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-scenario]");
  if (button instanceof HTMLElement) press(button, () => breakIt(button.dataset.scenario ?? ""));
});

for (const [id, path] of [["arm", "faults"], ["next", "actions"]]) {
  at(id).addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(at(id));
    const asked = Object.fromEntries([...form].map(([name, value]) => [name, name === "times" ? Number(value) : value]));
    press(at(id).querySelector("button"), async () => (await order(path, asked), ""));
  });
}

at("chat").addEventListener("click", (/** @type {Event} */ event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-press]");
  if (!(button instanceof HTMLElement)) return;
  const { channel, ts, action, person } = button.dataset;
  press(button, async () => (await order("slack/press", { channel, ts, action_id: action, person: person || at("press-as").value }), ""));
});

at("armed").addEventListener("click", (/** @type {Event} */ event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-clear]");
  if (button instanceof HTMLElement) press(button, async () => (await order("faults", {}, "DELETE"), await order("actions", { next: "ok" }), ""));
});

await look();
setInterval(look, 1000);
