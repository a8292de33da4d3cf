/**
 * Tells a scanner from fingers: a scanner types a whole code at a few milliseconds a key and ends it with Enter or
 * Tab. A person's keys are 60 ms apart and more. Knows no page.
 */

const RUN_MS = 100;
const SCANNER_MS = 30;
const SHORTEST = 4;

export class Burst {
  #text = "";
  #first = 0;
  #last = -Infinity;

  /** A character typed at `at` ms. True when it begins a new run. */
  feed(character, at) {
    const begins = at - this.#last > RUN_MS;
    if (begins) {
      this.#text = "";
      this.#first = at;
    }
    this.#text += character;
    this.#last = at;
    return begins;
  }

  /** Enter or Tab at `at`: the text of the run when a scanner typed it, else null. */
  end(at) {
    const text = this.#text;
    const fast = text.length >= SHORTEST && at - this.#last <= RUN_MS;
    const pace = (this.#last - this.#first) / (text.length - 1);
    this.#text = "";
    this.#last = -Infinity;
    return fast && pace < SCANNER_MS ? text : null;
  }
}

/** Whether a fast text can be a code: no sentence, that is, no blank beside letters. */
export function looksLikeCode(text) {
  return !/\s/.test(text.trim()) || /^[\sa-d]?[\s\d]+[\sa-d]?$/i.test(text);
}
