/** What this browser remembers: sound volume and keys. A browser that forbids it simply forgets. */

export function recall(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`lending.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`lending.${name}`, JSON.stringify(value));
  } catch {
    // A private window: the setting lasts as long as the page.
  }
}

/** Scans made while the page was changing, carried to the next scanning page. They are read once. */
export const carried = {
  put(codes, text) {
    if (!codes.length && !text) return;
    const before = carried.take();
    sessionStorage.setItem("lending.carried", JSON.stringify({ codes: [...before.codes, ...codes], text }));
  },
  take() {
    const found = JSON.parse(sessionStorage.getItem("lending.carried") ?? '{"codes": [], "text": ""}');
    sessionStorage.removeItem("lending.carried");
    return found;
  },
};
