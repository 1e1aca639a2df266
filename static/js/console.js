// @ts-check
// What every page has: clocks, keys, dialogs, notices, rule texts, kept forms, questions.
import "./clocks.js";
import "./dialogs.js";
import "./forms.js";
import "./keys.js";
import "./notices.js";
import "./questions.js";
import "./rules.js";
