/** What the scanning page shows: sentences, rows, patron, counters. Markup comes from the page's own templates. */
import { play } from "./sounds.js";

export const $ = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => within.querySelectorAll(selector);
const lang = document.documentElement.lang;
const plural = new Intl.PluralRules(lang);
const ROWS = 100;

/** A sentence from the page's words; {n} also chooses the plural form. */
export function word(name, values = {}) {
  const forms = [...all(`[data-word="${name}"]`, $("#words").content)];
  const form = forms.find((one) => plural.select(+one.dataset.n) === plural.select(values.n)) ?? forms.at(-1);
  return form.textContent.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

export function fill(element, values) {
  for (const slot of all("[data-f]", element)) {
    const value = values[slot.dataset.f];
    if (Array.isArray(value)) {
      slot.replaceChildren(...value.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
      slot.hidden = !value.length;
    } else if (value !== undefined) slot.textContent = value ?? "";
  }
  for (const link of all("[data-href]", element)) {
    const url = values[link.dataset.href];
    if (url) link.href = url;
    if (!link.dataset.f) link.hidden = !url;
  }
  return element;
}

function icon(element, tone) {
  const use = $("use", element);
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${tone}`));
}

/** Banner, live region and sound for one sentence. */
export function say(sentence, tone) {
  const banner = $("#banner");
  banner.className = `notice banner notice--${tone}`;
  icon(banner, tone === "ready" ? "rest" : tone);
  $("p", banner).textContent = sentence;
  // A new node is announced even when its words are those of the last one.
  $("#announcer").replaceChildren(document.createTextNode(sentence));
  play(tone);
}

function setTone(tr, tone) {
  const tag = $(".tag", tr);
  tr.dataset.tone = tone;
  tag.className = `tag tag--${tone}`;
  icon(tag, tone);
  $("span", tag).textContent = word(`tone_${tone}`);
}

function lineOf(row) {
  const line = fill($("#row-template").content.cloneNode(true), { kit: "", patron: "", ...row });
  const tr = $("tr", line);
  setTone(tr, row.tone);
  if (row.undo) $(".do", tr).prepend($("#undo-template").content.cloneNode(true));
  $("#log-empty").hidden = true;
  return tr;
}

/** The newest row of the log. Undo stands at the last act alone: at this one if it can be undone, or nowhere. */
export function addRow(row, undone = false) {
  const tr = lineOf(row);
  const last = $('#log [data-command="undo"]')?.closest("tr");
  if (undone && last && $('[data-f="kit"]', last).textContent === row.kit) {
    setTone(last, "rest");
    $('[data-href="receipt_url"]', last).hidden = true;
  }
  if (row.undo || row.act || undone) all('#log [data-command="undo"]').forEach((form) => form.remove());
  $("#log [data-new]")?.removeAttribute("data-new");
  tr.dataset.new = "";
  $("#log").prepend(tr);
  $("#log").rows[ROWS]?.remove();
  $(".log").scrollTop = 0;
  if (row.tone === "stop") addStop(row);
}

/** A refusal from before this page was loaded, at its time among the station's acts. */
export function putBack(row) {
  const later = [...$("#log").rows].find((tr) => $(".time", tr)?.textContent <= row.time);
  $("#log").insertBefore(lineOf(row), later ?? null);
  addStop(row);
}

function addStop(row) {
  const stop = fill($("#stop-template").content.cloneNode(true), row);
  $("#not-done .stops").prepend($("li", stop));
  $("#not-done .stops").children[3]?.remove();
  $("#not-done").hidden = false;
}

/** What was refused was done by hand after all: its row and its line go. True when there was one. */
export function settle({ kit, patron }) {
  const of = (name, tr) => $(`[data-f="${name}"]`, tr)?.textContent;
  const mine = (tr) => of("kit", tr) === kit && [patron, ""].includes(of("patron", tr));
  const refused = [...all('#log [data-tone="stop"]')].find(mine);
  if (!refused) return false;
  const line = [...all("#not-done li")].find((one) => of("what", one) === of("what", refused));
  line?.remove();
  $("#not-done").hidden = !$("#not-done li");
  refused.remove();
  return true;
}

export function showPatron(patron) {
  const card = $("#patron");
  if (!card) return;
  for (const part of all("[data-when]", card)) part.hidden = (part.dataset.when === "somebody") !== Boolean(patron);
  const owes = patron?.owes_cents;
  const dollars = new Intl.NumberFormat(new Intl.Locale(lang, { region: "US" }), { style: "currency", currency: "USD" });
  fill(card, {
    short_name: "", card_good_until: "", ready_to_pick_up: "", ...patron,
    reasons: patron?.reasons ?? [],
    kit_lines: patron?.kit_lines ?? [],
    session: patron?.session || word("none"),
    kits: word("kits", { out: patron?.kits_out, limit: patron?.limit }),
    owes: owes ? dollars.format(owes / 100) : word("nothing"),
  });
  $(".who-card__ready", card).hidden = !patron?.ready_to_pick_up;
  const agreement = $("#agreement");
  agreement.checked = false;
  agreement.parentElement.hidden = !patron?.agreement_missing;
}

export function showCounters(counters, waiting) {
  const list = $("#counters");
  fill(list, { ...counters, waiting });
  const cell = (name) => $(`[data-f="${name}"]`, list);
  cell("not_done").parentElement.classList.toggle("is-bad", cell("not_done").textContent !== "0");
  cell("waiting").parentElement.classList.toggle("is-waiting", waiting > 0);
}

/** Adds to the numbers that are shown. */
export function moveCounters(moved, waiting) {
  const shown = (name) => Number($(`#counters [data-f="${name}"]`).textContent);
  showCounters(Object.fromEntries(Object.entries(moved).map(([name, by]) => [name, Math.max(shown(name) + by, 0)])), waiting);
}

export function timeNow(zone) {
  return new Date().toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone || undefined });
}

export function longDate(iso) {
  const day = new Date(`${iso}T12:00:00Z`);
  return day.toLocaleDateString(lang, { weekday: "short", month: "short", day: "numeric", timeZone: "UTC" });
}
