/** Marks parts by scanning them: a part's own label means "here", the printed command means all of them. */
import { say, word } from "./screen.js";

const form = document.querySelector("#inspection");
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

if (form) {
  form.addEventListener("change", notes);
  notes();
}
