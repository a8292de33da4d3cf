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

/** What was tallied stands in the form beside it too, where nobody has typed another number meanwhile. */
function fill(counts) {
  const figures = document.querySelector("form[data-figures]");
  if (!figures) return;
  const inputs = [...figures.querySelectorAll("input:not([type=hidden])")];
  for (const input of inputs.filter(({ name, value, defaultValue }) => name in counts && value === defaultValue)) {
    input.value = input.defaultValue = counts[input.name] ?? "";
  }
  figures.elements.was.value = inputs.map(({ defaultValue }) => defaultValue).join(",");
}

const queue = new ScanQueue({
  send: (body) => send(form.action, body),
  prepare: ({ code }) => ({ code, channel: new FormData(form).get("channel") ?? "" }),
  answered(item, { say, tone, counts = {}, broken }) {
    tell(broken ? form.dataset.broken : say, tone);
    for (const shown of form.querySelectorAll("[data-count]")) {
      const count = counts[shown.dataset.count];
      if (count === undefined) continue;
      shown.textContent = count ?? form.dataset.unknown;
      shown.classList.toggle("tally__count--unknown", count === null);
    }
    fill(counts);
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
