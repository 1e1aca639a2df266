// @ts-check
// What every page has: clocks, keys, dialogs, notices, rule texts, kept forms.
import "./clocks.js";
import "./dialogs.js";
import "./forms.js";
import "./keys.js";
import "./notices.js";
import "./rules.js";
