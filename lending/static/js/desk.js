/**
 * The scanning page: takes over the plain forms so that no scan waits for a page and none is lost.
 * Acts of the page itself (next patron, a date set by hand, going to another screen) stand in the same queue as
 * scans, so that everything happens in the order in which it was done.
 */
import { Burst, looksLikeCode } from "./burst.js";
import { useCamera } from "./camera.js";
import { actOf, change, keyOf } from "./keys.js";
import { carried, kept } from "./memory.js";
import { RepeatGuard, ScanQueue } from "./queue.js";
import { $, addRow, fill, longDate, moveCounters, putBack, say, settle, showCounters, showPatron, timeNow, word } from "./screen.js";
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
let last = {}; // the scan answered last, and its row
let twice = ""; // the code that was read again before its answer
const here = `${fields.station.value} ${location.pathname}`;
let missed = { count: 0, rows: [] }; // what was not done for as long as the page is this patron's, newest first

const queue = new ScanQueue({
  send: (body) => send(form.dataset.scans, body),
  prepare: ({ code, override, patron }) => ({
    code,
    screen: fields.screen.value,
    station: fields.station.value,
    patron: (patron === undefined ? context.patron : patron) || null,
    kit: context.kit || null,
    date: context.date || null,
    ...(fields.book_drop?.checked && { book_drop: true }),
    ...(fields.agreement?.checked && { agreement: true }),
    ...(fields.subject && { subject: fields.subject.value }),
    ...(fields.mode && { mode: fields.mode.value }),
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

function answered(item, answer) {
  const { broken, tone, receipt_url: receipt } = answer;
  if (item.restored) {
    if (!answer.patron) return;
    setPatron(answer.patron);
    return say(answer.say, tone);
  }
  if (broken) answer.say = word("broken", { code: item.code });
  else context.kit = answer.kit ?? "";
  guard.answered(item.code, tone);
  last = { code: item.code, row: answer.row };
  // The row of the second reading could not know yet of whom and what it was.
  if (item.code === twice) fill($('#log [data-tone="again"]'), of(answer.row));
  twice = "";
  if ("patron" in answer && $("#patron")) setPatron(answer.patron);
  const undone = item.code === form.dataset.undo && tone === "done";
  if (item.override && answer.row?.act && settle(answer.row)) {
    moveCounters({ not_done: -1 }, queue.size);
    const { kit } = answer.row;
    missed = { count: missed.count - 1, rows: missed.rows.filter((row) => row.kit !== kit) };
  }
  // null: a word of the page itself, such as "Ready for the next patron", and no row of the day.
  if (answer.row !== null) {
    const row = answer.row ?? { time: timeNow(form.dataset.zone), what: answer.say, tone };
    addRow(row, undone);
    if (tone === "stop") missed.rows.unshift(row);
  }
  move(answer, "patron" in answer);
  if (answer.signed) $("#agreement").checked = true;
  setOffer(answer.override);
  if (receipt) Object.assign($("#receipt"), { href: receipt, hidden: false });
  say(answer.say, tone);
  if (answer.go) leave(answer.go);
}

const of = (row) => ({ kit: row?.kit ?? "", kit_url: row?.kit_url, patron: row?.patron ?? "" });

function setPatron(patron) {
  const card = patron?.card ?? "";
  if (card !== context.patron) setDate("");
  Object.assign(context, { patron: card, name: patron?.short_name, strip: patron });
  fields.patron.value = card;
  showPatron(patron);
}

/** The numbers move with each answer, so that the server need not count again after every scan. */
function move({ moved = { not_done: 1 }, kit_line: line, row }, isFresh) {
  const { kits_out = 0, ...counted } = moved;
  moveCounters(counted, queue.size);
  missed.count += counted.not_done ?? 0;
  const { strip } = context;
  if ((!kits_out && !line) || isFresh || !strip) return;
  const others = strip.kit_lines.filter((kit) => !kit.startsWith(`${row?.kit},`));
  const now = { kit_lines: line ? [...others, line] : others, kits_out: Math.max(strip.kits_out + kits_out, 0) };
  const then = { ready_to_pick_up: "", agreement_missing: false };
  if (kits_out > 0 || strip.lent) {
    // What was promised is in their hands, and waits again if that is undone.
    Object.assign(then, { session: strip.session_with_a_kit, session_with_a_kit: strip.session, lent: kits_out > 0 });
  }
  context.strip = { ...strip, ...now, ...(kits_out && then) };
  showPatron(context.strip);
}

function setDate(iso) {
  context.date = iso;
  if (fields.date) fields.date.value = iso;
  $("#date-tag").hidden = !iso;
  $("#date-tag b").textContent = iso && longDate(iso);
}

function setOffer(found) {
  if (panel.contains(document.activeElement)) return; // a reason is being typed; it stays with its scan
  offer = found ?? null;
  $("#open-override").hidden = !offer;
  panel.hidden = true;
}

/** Every code comes in here: from the box, from stray keys, from a button, from a scan into another field. */
function enter(code) {
  const text = code.trim();
  box.value = "";
  if (!text) return;
  if (leaving) return carried.put([text], "");
  if (text === form.dataset.end) return nextPatron();
  if (text === form.dataset.receipt) return acts.receipt();
  const scan = new CustomEvent("scan", { detail: { code: text }, cancelable: true });
  if (!document.dispatchEvent(scan)) return;
  if (guard.repeats(text, performance.now())) {
    const what = word("again");
    // A label left under a scanner is read every second: one row is enough.
    if ($("#log [data-new]")?.dataset.tone !== "again") {
      if (last.code !== text) twice = text;
      addRow({ time: timeNow(form.dataset.zone), what, tone: "again", ...(!twice && of(last.row)) });
    }
    return say(what, "again");
  }
  queue.add({ code: text });
}

function nextPatron() {
  queue.add({
    act() {
      setPatron(null);
      setDate("");
      missed = { count: 0, rows: [] };
      if (fields.book_drop) fields.book_drop.checked = false;
      context.kit = "";
      setOffer(null);
      guard.forget();
      say(word("next"), "ready");
    },
  });
  box.focus();
}

/** To another screen, when the scans before are answered. What is scanned on the way arrives there. */
function leave(url, toScan = true) {
  if (queue.trouble) {
    told = "";
    return queue.changed();
  }
  queue.add({
    act() {
      leaving = toScan;
      if (toScan) carried.put(queue.take(), "");
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

const SCANNING = ["desk", "returns", "inspection", "shelf"];
const to = (screen) => () => leave($(`[data-act="${screen}"]`).href, SCANNING.includes(screen));
const acts = {
  desk: to("desk"),
  returns: to("returns"),
  search: to("search"),
  // Scans of the printed commands: they stand in line, so an undo is of the scan before it, answered or not.
  renew: () => enter(form.dataset.renew),
  exchange: () => enter(form.dataset.exchange),
  signed: () => enter(form.dataset.signed),
  undo: () => enter(form.dataset.undo),
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
  const { target } = event;
  if (target === form) {
    event.preventDefault();
    enter(box.value);
  } else if (target.id === "clear-date") {
    event.preventDefault();
    queue.add({ act: () => setDate("") });
  } else if (target.dataset.command) {
    event.preventDefault();
    enter($("button", target).value);
  } else if (panel.contains(target)) {
    event.preventDefault();
    const { code, patron, reasons } = offer;
    box.focus();
    setOffer(null);
    queue.add({ code, patron, override: { reasons, note: note.value.trim() } });
  } else return;
  box.focus();
});

panel.addEventListener("reset", closeOverride);

const editable = (element) => element.matches?.("textarea, input:not([type=checkbox], [type=radio], [type=range], [type=file])");
let before = "";
const choices = [...document.querySelectorAll("[data-choose]")]; // where the arrows lead from the box

document.addEventListener("keydown", (event) => {
  touched();
  const { target, key, timeStamp } = event;
  const act = actOf(event);
  if (act) {
    event.preventDefault();
    acts[act]();
    return;
  }
  const way = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (way && choices.length && (target === box || choices.includes(target))) {
    event.preventDefault();
    (choices[choices.indexOf(target) + way] ?? box).focus();
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
    if (!looksLikeCode(text)) return say(word("by_hand"), "look");
    enter(text);
    box.focus();
  } else if (key.length === 1 && key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey && target.tagName !== "SELECT") {
    box.focus(); // and the character lands in it
  }
}, true);

document.addEventListener("click", (event) => {
  touched();
  const link = event.target.closest?.("a[data-act]");
  if (SCANNING.includes(link?.dataset.act) && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    leave(link.href);
  } else if (document.activeElement === document.body && getSelection().isCollapsed) box.focus();
});

fields.date?.addEventListener("change", () => {
  // While "2026" is typed, the year is 2, 20 and 202 for a moment; the box must not take the rest of the keys.
  if (!fields.date.validity.valid) return;
  const iso = fields.date.value;
  fields.date.closest("details").open = false;
  queue.add({ act: () => setDate(iso) });
  box.focus();
});
fields.book_drop?.addEventListener("change", () => box.focus());
// A scanner would type into a choice that has the focus, and change it.
document.querySelectorAll("#scan [name=mode], #scan select").forEach((way) => way.addEventListener("change", () => box.focus()));
$("#open-override").addEventListener("click", openOverride);

addEventListener("online", () => queue.retry());
addEventListener("focus", () => {
  queue.retry();
  if (document.activeElement === document.body) box.focus();
});
addEventListener("beforeunload", (event) => {
  if (queue.size && !leaving) event.preventDefault();
});
addEventListener("pagehide", () => {
  if (leaving) carried.put([], box.value);
  // The patron waits only while somebody puts right what stopped them, not while other kits are scanned elsewhere.
  const card = form.dataset.keeps && !leaving ? context.patron : "";
  kept.put(here, { at: Date.now(), card, ...missed, rows: missed.rows.slice(0, 20) });
});

/** What a reload, or the way to a page where something is put right, would otherwise have cost. */
function restore() {
  const { at, card, count, rows } = kept.take(here) ?? {};
  if (new Date(at).toDateString() !== new Date().toDateString()) return;
  missed = { count, rows };
  rows.toReversed().forEach(putBack);
  moveCounters({ not_done: count }, queue.size);
  // Asked for anew: what was put right meanwhile shows at once.
  if (card && !context.patron && Date.now() - at < form.dataset.idle * 1000) queue.add({ code: card, restored: true });
}

// A patron left on the screen is cleared, with a warning and a way to keep them.
let idle = [];
let warned = false;
function touched() {
  idle.forEach(clearTimeout);
  if (warned) say(word("stays", { name: context.name }), "ready");
  warned = false;
  const { idle: after, warn } = form.dataset;
  const later = (seconds, act) => setTimeout(() => !queue.size && act(), seconds * 1000);
  idle = [
    later(after - warn, () => {
      if (!context.patron) return;
      warned = true;
      say(word("idle", { name: context.name }), "look");
    }),
    later(after, () => {
      warned = false;
      if (context.patron || context.kit || context.date || fields.book_drop?.checked) nextPatron();
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
const given = $("form", panel).elements;
const sentences = [...panel.querySelectorAll("li")].map((line) => line.textContent);
setOffer(!panel.hidden && {
  code: given.override_code.value,
  patron: given.override_patron.value,
  reasons: given.override_reasons.value.split(" "),
  sentences,
});
useCamera({
  scan(code) {
    touched();
    enter(code);
  },
  leave: () => box.focus(),
});
settings();
touched();
restore();
const brought = carried.take();
brought.codes.forEach(enter);
box.value = brought.text + box.value; // a scanner may have gone on typing before this ran
// Who was looked for is a key away; what is typed or scanned goes into the box all the same.
(box.value ? box : ($("#people [data-choose]") ?? box)).focus();
