/**
 * The scanning page: takes over the plain forms so that no scan waits for a page and none is lost.
 * Acts of the page itself (next patron, a date set by hand, going to another screen) stand in the same queue as
 * scans, so that everything happens in the order in which it was done.
 */
import { Burst, looksLikeCode } from "./burst.js";
import { actOf, change, keyOf } from "./keys.js";
import { carried } from "./memory.js";
import { RepeatGuard, ScanQueue } from "./queue.js";
import { $, addRow, fill, longDate, say, showCounters, showPatron, timeNow, word } from "./screen.js";
import { play, volume } from "./sounds.js";
import { send } from "./transport.js";

const form = $("#scan");
const box = $("#code");
const panel = $("#override");
const note = $("#override-note");
const fields = form.elements;
const guard = new RepeatGuard();
const burst = new Burst();
const context = { patron: fields.patron.value, name: $("#patron-name bdi")?.textContent, kit: fields.kit.value, date: "" };
let offer = null; // what may be overridden, and for whom
let leaving = false;
let told = "";

const queue = new ScanQueue({
  send: (body) => send(form.dataset.scans, body),
  prepare: ({ code, override, patron }) => ({
    code,
    screen: fields.screen.value,
    station: fields.station.value,
    patron: (patron ?? context.patron) || null,
    kit: context.kit || null,
    date: context.date || null,
    ...(fields.book_drop?.checked && { book_drop: true }),
    ...(override && { override }),
  }),
  answered,
  changed() {
    const { size, trouble } = queue;
    showCounters({}, size);
    const now = trouble ? word(trouble === "network" ? "waiting" : trouble, { n: size }) : "";
    if (now && now !== told) say(now, "stop");
    told = now;
  },
});

function answered(item, answer, mended) {
  if (answer.broken) answer.say = word("broken", { code: item.code });
  guard.answered(item.code, answer.tone);
  if ("patron" in answer) setPatron(answer.patron);
  if (!answer.broken) context.kit = answer.kit ?? "";
  addRow(answer.row ?? { time: timeNow(form.dataset.zone), what: answer.say, tone: answer.tone, kit: item.code });
  if (answer.counters) showCounters(answer.counters, queue.size);
  setOffer(answer.override && { ...answer.override, patron: item.body.patron });
  if (answer.receipt_url) fill($("#banner").parentElement, {}) && Object.assign($("#receipt"), { href: answer.receipt_url, hidden: false });
  say(answer.say, answer.tone);
  if (mended && queue.size === 0) $("#announcer").append(` ${word("saved")}`);
  if (answer.go) leave(answer.go);
}

function setPatron(patron) {
  const id = patron?.public_id ?? "";
  if (id !== context.patron) setDate("");
  Object.assign(context, { patron: id, name: patron?.short_name });
  fields.patron.value = id;
  showPatron(patron);
}

function setDate(iso) {
  if (iso === context.date || (!iso && fields.screen.value === "returns" && !fields.date?.value && !context.date)) return;
  context.date = iso;
  if (fields.date) fields.date.value = iso;
  $("#date-tag").hidden = !iso;
  $("#date-tag b").textContent = iso && longDate(iso);
}

function setOffer(found) {
  if (panel.contains(document.activeElement) && !found) return;
  offer = found ?? null;
  $("#open-override").hidden = !offer;
  panel.hidden = true;
}

/** Every code comes in here: from the box, from stray keys, from a button, from a scan into another field. */
function enter(code) {
  const text = code.trim();
  box.value = "";
  if (!text) return;
  if (leaving) {
    carried.put([text], "");
    return;
  }
  const scan = new CustomEvent("scan", { detail: { code: text }, cancelable: true });
  if (!document.dispatchEvent(scan)) return;
  if (guard.repeats(text, performance.now())) {
    const what = word("again");
    const newest = $("#log [data-new]");
    // A label left under a scanner is read every second: one row is enough.
    if (newest?.dataset.tone !== "again") addRow({ time: timeNow(form.dataset.zone), what, tone: "again", kit: text });
    say(what, "again");
    return;
  }
  queue.add({ code: text });
}

function nextPatron(sentence) {
  queue.add({
    act() {
      setPatron(null);
      context.kit = "";
      setOffer(null);
      guard.forget();
      say(sentence ?? word("next"), "look");
    },
  });
  box.focus();
}

function leave(url) {
  if (queue.trouble) return;
  queue.add({
    act() {
      leaving = true;
      carried.put(queue.take(), "");
      location.assign(url);
    },
  });
}

function openOverride() {
  if (!offer) return say(word("no_override"), "look");
  fill(panel, { sentences: offer.sentences });
  panel.hidden = false;
  note.value = "";
  note.focus();
}

function closeOverride() {
  panel.hidden = true;
  box.focus();
}

const press = (act, otherwise) => {
  const button = $(`[data-command="${act}"] button`);
  if (button?.checkVisibility()) button.click();
  else say(word(otherwise), "look");
};

const acts = {
  desk: () => leave($('[data-act="desk"]').href),
  returns: () => leave($('[data-act="returns"]').href),
  search: () => leave($('[data-act="search"]').href),
  renew: () => press("renew", "no_renew"),
  // In the queue, so that it undoes the scan before it even when that scan has not been answered.
  undo: () => queue.add({ act: () => press("undo", "no_undo") }),
  receipt: () => ($("#receipt").hidden ? say(word("no_receipt"), "look") : $("#receipt").click()),
  next: () => nextPatron(),
  override: openOverride,
  help() {
    const keys = $("#all-keys");
    keys.open = !keys.open;
    (keys.open ? $("summary", keys) : box).focus();
  },
};

document.addEventListener("submit", (event) => {
  const { target, submitter } = event;
  if (target === form) {
    event.preventDefault();
    if (submitter?.name === "clear_date") queue.add({ act: () => setDate("") });
    else enter(box.value);
  } else if (target.dataset.command === "end") {
    event.preventDefault();
    nextPatron();
  } else if (target.dataset.command) {
    event.preventDefault();
    enter(submitter?.value ?? $("button", target).value);
  } else if (panel.contains(target)) {
    event.preventDefault();
    const reason = note.value.trim();
    const { code, patron, reasons } = offer;
    offer = null;
    closeOverride();
    $("#open-override").hidden = true;
    if (reason) queue.add({ code, patron: patron ?? "", override: { reasons, note: reason } });
  } else return;
  box.focus();
});

panel.addEventListener("reset", closeOverride);

const editable = (element) => element.matches?.("textarea, input:not([type=checkbox], [type=radio], [type=range], [type=file])");
let before = "";

document.addEventListener("keydown", (event) => {
  touched();
  const { target, key, timeStamp } = event;
  const act = actOf(event);
  if (act) {
    event.preventDefault();
    acts[act]();
    return;
  }
  const ends = key === "Enter" || key === "Tab";
  if (target === box) {
    if (key === "Tab" && box.value.trim() && !event.shiftKey) {
      event.preventDefault();
      enter(box.value);
    }
  } else if (editable(target)) {
    if (key === "Escape" && panel.contains(target)) return closeOverride();
    if (key.length === 1 && burst.feed(key, timeStamp)) before = target.value;
    const text = ends ? burst.end(timeStamp) : null;
    if (!text) return;
    // A scanner typed this. It is a scan wherever the cursor stood, and it never confirms what it was typed into.
    event.preventDefault();
    target.value = before;
    if (looksLikeCode(text)) enter(text);
    else say(word("by_hand"), "look");
  } else if (key.length === 1 && key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey && target.tagName !== "SELECT") {
    box.focus(); // and the character lands in it
  }
}, true);

document.addEventListener("click", (event) => {
  touched();
  const link = event.target.closest?.("a[data-act]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && !queue.trouble) {
    event.preventDefault();
    leave(link.href);
  } else if (document.activeElement === document.body && getSelection().isCollapsed) box.focus();
});

fields.date?.addEventListener("change", () => {
  const iso = fields.date.value;
  queue.add({ act: () => setDate(iso) });
  box.focus();
});
fields.book_drop?.addEventListener("change", () => box.focus());
$("#open-override").addEventListener("click", openOverride);

addEventListener("online", () => queue.retry());
addEventListener("focus", () => {
  queue.retry();
  if (document.activeElement === document.body) box.focus();
});
addEventListener("beforeunload", (event) => {
  if (queue.size && !leaving) event.preventDefault();
});
addEventListener("pagehide", () => leaving && carried.put([], box.value));

// A patron left on the screen is cleared, with a warning and a way to keep them.
let idle = [];
let warned = false;
function touched() {
  idle.forEach(clearTimeout);
  if (warned) say(word("stays", { name: context.name }), "look");
  warned = false;
  const { idle: after, warn } = form.dataset;
  const later = (seconds, act) => setTimeout(() => (context.patron || context.kit) && !queue.size && act(), seconds * 1000);
  idle = [
    later(after - warn, () => {
      warned = true;
      say(word("idle", { name: context.name }), "look");
    }),
    later(after, () => {
      warned = false;
      nextPatron();
    }),
  ];
}

function settings() {
  const taken = $("#key-taken");
  const show = () => document.querySelectorAll("[data-shows]").forEach((key) => (key.textContent = keyOf(key.dataset.shows)));
  for (const input of document.querySelectorAll("[data-key]")) {
    input.value = keyOf(input.dataset.key);
    input.addEventListener("change", () => {
      taken.textContent = change(input.dataset.key, input.value) ? "" : word("key_taken");
      input.value = keyOf(input.dataset.key);
      show();
    });
  }
  $("#volume").value = volume.get();
  $("#volume").addEventListener("change", () => volume.set(+$("#volume").value));
  $("#settings").addEventListener("click", ({ target }) => target.dataset.sound && play(target.dataset.sound));
  $("#settings").hidden = false;
  show();
}

context.date = fields.date?.value ?? "";
setOffer(!panel.hidden && {
  code: fields.override_code?.value ?? $('[name="override_code"]').value,
  patron: $('[name="override_patron"]').value,
  reasons: $('[name="override_reasons"]').value.split(" "),
  sentences: [...panel.querySelectorAll("li")].map((line) => line.textContent),
});
settings();
touched();
const brought = carried.take();
brought.codes.forEach(enter);
box.value = brought.text;
box.focus();
