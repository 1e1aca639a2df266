// @ts-check
// The approver's inbox tells of a new question: in the tab's title, and as a notification where the browser may show one.

const button = document.getElementById("notify");
const inbox = () => document.getElementById("panel-inbox");
const waiting = () => Number(inbox()?.dataset.waiting ?? 0);
let known = waiting();

function offer() {
  if (button) button.hidden = !("Notification" in window) || Notification.permission !== "default";
}

button?.addEventListener("click", () => void Notification.requestPermission().then(offer));
offer();

document.addEventListener("htmx:oobAfterSwap", () => {
  const now = waiting();
  document.title = document.title.replace(/^(\(\d+\) )?/, now ? `(${now}) ` : "");
  if (now > known && "Notification" in window && Notification.permission === "granted") {
    const told = new Notification("An approval waits for you", { body: inbox()?.dataset.newest, tag: "approval" });
    told.onclick = () => window.focus();
  }
  known = now;
});
