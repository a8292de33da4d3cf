/** Sends one scan and tells an answer from trouble: "network" (try again) or "signed_out" (sign in, then try again). */

const PATIENCE_MS = 10000;
const token = document.querySelector('meta[name="csrf-token"]');

/** Reads a fresh token from this very page; true when there was a new one, as after signing in in another tab. */
async function freshToken() {
  const page = await fetch(location.href, { redirect: "manual", headers: { Accept: "text/html" } });
  if (!page.ok) return false;
  const found = new DOMParser().parseFromString(await page.text(), "text/html").querySelector('meta[name="csrf-token"]');
  // A page without the box is the sign-in page under this address.
  if (!found || !page.headers.get("content-type")?.includes("html")) return false;
  const changed = found.content !== token.content;
  token.content = found.content;
  return changed;
}

async function post(url, body) {
  return fetch(url, {
    method: "POST",
    redirect: "manual", // a redirect leads to sign-in; following it would look like an answer
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token.content },
    body: JSON.stringify(body),
  });
}

/** What the server says about the scan, or null when the answer is a page's or another program's. */
async function said(response) {
  if (!(response.headers.get("Content-Type") ?? "").includes("json")) return null;
  const answer = await response.json();
  return answer?.say ? answer : null;
}

/** Shows photos to the server: {code}, or {say, reason, after} why there is none, or {trouble}. */
export async function sendPhotos(url, photos) {
  const body = new FormData();
  photos.forEach((photo) => body.append("photo", photo, "photo.jpg"));
  const ask = () =>
    fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { Accept: "application/json", "X-CSRFToken": token.content },
      body,
    });
  try {
    let response = await ask();
    if ([400, 401, 403].includes(response.status) && (await freshToken())) response = await ask();
    if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) return { trouble: "signed_out" };
    const answer = await response.json();
    const after = Number(response.headers.get("Retry-After")) * 1000;
    return answer.code || answer.say ? { ...answer, after } : { trouble: "network", after };
  } catch {
    return { trouble: "network" };
  }
}

export async function send(url, body) {
  try {
    let response = await post(url, body);
    let answer = await said(response);
    if (!answer && [400, 401, 403].includes(response.status) && (await freshToken())) {
      response = await post(url, body);
      answer = await said(response);
    }
    if (answer) return { answer };
    if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) return { trouble: "signed_out" };
    if (response.status >= 500 || [408, 425, 429].includes(response.status)) {
      const after = Number(response.headers.get("Retry-After")) * 1000;
      return { trouble: "network", ...(after > 0 && { after: Math.min(after, 30000) }) };
    }
    return { answer: { tone: "stop", broken: true } };
  } catch {
    return { trouble: "network" };
  }
}
