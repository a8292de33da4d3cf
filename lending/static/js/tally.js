/**
 * One key, one tally: the digits press the buttons of a form while one of them has the focus, so that no key pressed
 * elsewhere counts anything. Presses are kept in a queue like the desk's and sent one by one; the page stays.
 */
import { ScanQueue } from "./queue.js";
import { send } from "./transport.js";

const form = document.querySelector("form[data-tally]");
const says = document.getElementById("tally-says");

function tell(sentence, tone) {
  says.textContent = sentence;
  says.parentElement.className = `notice notice--${tone}`;
  says.parentElement.hidden = !sentence;
}

const queue = new ScanQueue({
  send: (body) => send(form.action, body),
  prepare: ({ code }) => ({ code, channel: new FormData(form).get("channel") ?? "" }),
  answered(item, { say, tone, counts = {}, broken }) {
    tell(broken ? form.dataset.broken : say, tone);
    for (const shown of form.querySelectorAll("[data-count]")) {
      const count = counts[shown.dataset.count];
      if (count !== undefined) shown.textContent = count ?? form.dataset.unknown;
    }
  },
  changed() {
    if (queue.trouble && queue.size) tell(queue.trouble === "signed_out" ? form.dataset.signedOut : form.dataset.waiting, "stop");
  },
});

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.value) queue.add({ code: event.submitter.value });
});

form?.addEventListener("keydown", (event) => {
  const { key, altKey, ctrlKey, metaKey, repeat, target } = event;
  if (altKey || ctrlKey || metaKey || repeat || target.type === "radio") return;
  const button = form.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (!button) return;
  event.preventDefault();
  button.focus();
  button.click();
});

addEventListener("online", () => queue.retry());
addEventListener("focus", () => queue.retry());
addEventListener("beforeunload", (event) => {
  if (queue.size) event.preventDefault(); // what waits would be lost
});
