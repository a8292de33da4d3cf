/** Marks parts by scanning them: a part's own label means "here", the printed command means all of them. */
import { kept } from "./memory.js";
import { say, word } from "./screen.js";

const form = document.querySelector("#inspection");
const marks = () => form.querySelectorAll("input:not([type=hidden], :disabled)");
const same = (one, other) => one.replace(/\s/g, "").toUpperCase() === other.replace(/\s/g, "").toUpperCase();

function notes() {
  for (const part of form.querySelectorAll(".part")) {
    const state = part.querySelector(":checked")?.value ?? "here";
    const note = part.querySelector("[data-when-bad]");
    const charge = part.querySelector(".part__charge");
    if (note) note.hidden = state === "here";
    if (charge) charge.hidden = state !== "damaged";
  }
}

document.addEventListener("scan", (event) => {
  const { code } = event.detail;
  const part = [...(form?.querySelectorAll(".part") ?? [])].find((one) => one.dataset.code && same(one.dataset.code, code));
  if (part) {
    event.preventDefault();
    part.querySelector('[value="here"]').checked = true;
    notes();
    say(word("part_here", { name: part.dataset.name }), "done");
  } else if (form && same(form.dataset.allHere, code)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector('[name="all_here"]'));
  }
});

/** Marks that were not saved when the page went: of this kit, since it came back this time. */
function restore() {
  const before = kept.take(form.dataset.kept) ?? {};
  for (const mark of marks()) {
    if (mark.matches("[type=radio], [type=checkbox]")) mark.checked ||= Boolean(before[mark.id]);
    else mark.value ||= before[mark.id] ?? "";
  }
}

function keep() {
  const shown = [...marks()].map((mark) => [mark.id, mark.matches("[type=radio], [type=checkbox]") ? mark.checked : mark.value]);
  kept.put(form.dataset.kept, Object.fromEntries(shown.filter(([, value]) => value)));
}

if (form) {
  let saving = false;
  form.addEventListener("submit", () => (saving = true));
  addEventListener("pagehide", () => saving || keep());
  restore();
  form.addEventListener("change", notes);
  notes();
}
