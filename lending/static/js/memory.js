/** What this browser remembers: sound volume and keys; what this window keeps of a page. A browser that forbids it simply forgets. */

function read(name, otherwise, store) {
  try {
    return JSON.parse(globalThis[store].getItem(`lending.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(name, value, store) {
  try {
    globalThis[store].setItem(`lending.${name}`, JSON.stringify(value));
  } catch {
    // A private window: it lasts as long as the page.
  }
}

export const recall = (name, otherwise) => read(name, otherwise, "localStorage");
export const remember = (name, value) => write(name, value, "localStorage");

/** Scans made while the page was changing, carried to the next scanning page. They are read once. */
export const carried = {
  put(codes, text) {
    if (!codes.length && !text) return;
    write("carried", { codes: [...carried.take().codes, ...codes], text }, "sessionStorage");
  },
  take() {
    const found = read("carried", { codes: [], text: "" }, "sessionStorage");
    write("carried", null, "sessionStorage");
    return found;
  },
};

/** What a page shows that was not saved yet, so that a reload or a look elsewhere does not lose it; read once. */
export const kept = {
  put: (name, value) => write(`kept.${name}`, value, "sessionStorage"),
  take(name) {
    const found = read(`kept.${name}`, null, "sessionStorage");
    kept.put(name, null);
    return found;
  },
};
