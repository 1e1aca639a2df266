// A moving line over the last minutes, with the threshold that wakes people and the moments that explain it.

const HEIGHT = 168;
const LEFT = 52;
const RIGHT = 12;
const TOP = 34;
const LABEL = 12;
const BOTTOM = 20;

/**
 * @typedef {{at: number, words: string}} Moment
 * @typedef {{values: (number | null)[], until: number, seconds: number, limit: number, least: number, tone: string, width: number,
 *   title: string, show: (value: number) => string, moments: Moment[]}} Chart
 */

/** @param {Chart} chart @returns {string} the chart as SVG */
export function draw(chart) {
  const top = Math.max(chart.least, ...chart.values.map((value) => (value ?? 0) * 1.15));
  const x = (/** @type {number} */ index) => LEFT + (index / (chart.values.length - 1)) * (chart.width - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const newest = chart.values.at(-1) ?? null;
  const tone = newest !== null && newest > chart.limit ? "danger" : chart.tone;
  const now = newest === null ? "nothing to measure" : chart.show(newest);
  return `<svg class="chart" data-tone="${tone}" viewBox="0 0 ${chart.width} ${HEIGHT}" role="img" aria-label="${chart.title}: ${now}">
    <text class="title" x="0" y="12">${chart.title}</text><text class="value" x="${chart.width - RIGHT}" y="14" text-anchor="end">${now}</text>
    ${[0, top / 2, top].map((value) => level(y(value), chart.show(value), chart)).join("")}
    <path class="limit" d="M${LEFT} ${y(chart.limit)}H${chart.width - RIGHT}"/>
    ${runs(chart.values).map((run) => curve(run, x, y)).join("")}
    ${newest === null ? "" : `<circle class="dot" cx="${x(chart.values.length - 1)}" cy="${y(newest)}" r="3.5"/>`}
    ${marks(chart)}
    <text x="${LEFT}" y="${HEIGHT - 4}">${Math.round(chart.seconds / 60)} min ago</text>
    <text x="${chart.width - RIGHT}" y="${HEIGHT - 4}" text-anchor="end">now</text></svg>`;
}

/** @param {number} height @param {string} words @param {Chart} chart */
function level(height, words, chart) {
  return `<path class="grid" d="M${LEFT} ${height}H${chart.width - RIGHT}"/><text x="${LEFT - 8}" y="${height + 4}" text-anchor="end">${words}</text>`;
}

/** The moments as lines; where their words would overlap, they take turns on three rows. @param {Chart} chart */
function marks(chart) {
  const ends = [-Infinity, -Infinity, -Infinity];
  return chart.moments.map((moment) => {
    const share = 1 - (chart.until - moment.at) / chart.seconds;
    if (share < 0 || share > 1) return "";
    const x = LEFT + share * (chart.width - LEFT - RIGHT);
    const long = moment.words.length * 6.7;
    const start = x + 4 + long > chart.width ? x - 4 - long : x + 4;
    const row = Math.max(0, ends.findIndex((end) => end < start));
    ends[row] = start + long + 6;
    return `<path class="moment" d="M${x} ${TOP}V${HEIGHT - BOTTOM}"/><text class="words" x="${start}" y="${TOP + 10 + row * LABEL}">${moment.words}</text>`;
  }).join("");
}

/** The stretches with values: a gap is drawn as a gap. @param {(number | null)[]} values @returns {[number, number][][]} */
function runs(values) {
  /** @type {[number, number][][]} */
  const found = [[]];
  values.forEach((value, index) => {
    if (value === null) found.push([]);
    else found.at(-1)?.push([index, value]);
  });
  return found.filter((run) => run.length > 1);
}

/** @param {[number, number][]} run @param {(index: number) => number} x @param {(value: number) => number} y */
function curve(run, x, y) {
  const points = run.map(([index, value]) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`);
  const [first, last] = [run[0], run[run.length - 1]];
  return `<path class="area" d="M${x(first[0])} ${y(0)}L${points.join("L")}L${x(last[0])} ${y(0)}Z"/><path class="line" d="M${points.join("L")}"/>`;
}
