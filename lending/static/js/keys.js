/** The desk's keys, all with Alt, so that nothing a scanner or a screen reader types is one. They can be changed. */
import { recall, remember } from "./memory.js";

const USUAL = {
  desk: "u", returns: "r", search: "q", renew: "w", exchange: "s", signed: "a", undo: "z", receipt: "p", next: "n", override: "o", help: "/",
};

let chosen = { ...USUAL, ...recall("keys", {}) };

/** The act that a key press asks for, or undefined. */
export function actOf({ key, code, altKey, ctrlKey, metaKey }) {
  if (!altKey || ctrlKey || metaKey) return undefined;
  // With Alt a Mac types a sign instead of the letter; then the key's place tells it.
  const pressed = /^[a-z0-9/]$/i.test(key) ? key.toLowerCase() : code.replace(/^(Key|Digit)/, "").toLowerCase();
  return Object.keys(chosen).find((act) => chosen[act] === (pressed === "slash" ? "/" : pressed));
}

/** Gives an act another key; false when the key is taken or no letter, digit or slash. */
export function change(act, key) {
  const wanted = key.toLowerCase();
  const free = Object.keys(chosen).every((other) => other === act || chosen[other] !== wanted);
  if (!free || !/^[a-z0-9/]$/.test(wanted)) return false;
  chosen = { ...chosen, [act]: wanted };
  remember("keys", chosen);
  return true;
}

export function keyOf(act) {
  return chosen[act].toUpperCase();
}
