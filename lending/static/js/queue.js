/**
 * The scan queue: first in, first out, one request in flight; nothing leaves it before the server has answered.
 * Knows no page and no network, so that it can be tested alone.
 */

export const AGAIN_MS = 4000;
const REACTION_MS = 1000;

/** A key that no other scan has: the server does the act of one key once, however often it is sent. */
export function newKey(source = globalThis.crypto) {
  if (source.randomUUID) return source.randomUUID();
  // randomUUID is missing on plain http; random bytes are not.
  return Array.from(source.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Milliseconds before the next try: 1, 2, 4, 8, then every 15 seconds. */
export function backOff(tries) {
  return Math.min(1000 * 2 ** (tries - 1), 15000);
}

/**
 * Tells a code that was read twice from one that was scanned again on purpose.
 * Only the code entered just before counts. While it waits for its answer, or within four seconds, it is the same
 * scan; but after "Scan it again" a person obeys, which takes at least a second.
 */
export class RepeatGuard {
  #last = null;

  repeats(code, at) {
    const last = this.#last;
    const age = last?.code === code ? at - last.at : Infinity;
    const same = age < Infinity && (!last.tone || age < (last.tone === "stop" ? REACTION_MS : AGAIN_MS));
    this.#last = same ? { ...last, at: last.tone === "stop" ? last.at : at } : { code, at };
    return same;
  }

  answered(code, tone) {
    if (this.#last?.code === code) this.#last.tone = tone;
  }

  forget() {
    this.#last = null;
  }
}

/**
 * Items are scans ({code}) or acts of the page itself ({act}), done in the same order.
 * prepare(item) gives the body when its turn has come, so that a kit typed before the answer to its card still goes
 * to that card's patron. It is asked once: every further try sends the same body under the same key.
 * send(body) resolves to {answer} or {trouble, after}; a scan in trouble stays and is tried again.
 */
export class ScanQueue {
  #items = [];
  #running = false;
  #wake = () => {};

  constructor({ send, prepare, answered, changed, pause = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
    Object.assign(this, { send, prepare, answered, changed, pause });
    this.trouble = null;
  }

  get size() {
    return this.#items.filter((item) => !item.act).length;
  }

  add(item) {
    this.#items.push(item);
    this.changed();
    this.#run();
  }

  /** Try now: the network is back, or somebody signed in. */
  retry() {
    this.#wake();
  }

  /** Hands over the codes that were never sent and empties the queue. */
  take() {
    return this.#items.splice(0).filter((item) => item.code && !item.body).map((item) => item.code);
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    for (let tries = 0; this.#items.length; ) {
      const item = this.#items[0];
      if (item.act) {
        this.#items.shift();
        item.act();
        continue;
      }
      item.body ??= { ...this.prepare(item), key: newKey() };
      const { answer, trouble, after } = await this.send(item.body);
      if (answer) {
        tries = 0;
        this.trouble = null;
        this.#items.shift();
        this.answered(item, answer);
        this.changed();
      } else {
        this.trouble = trouble;
        this.changed();
        await Promise.race([this.pause(after ?? backOff(++tries)), new Promise((done) => (this.#wake = done))]);
      }
    }
    this.#running = false;
  }
}
