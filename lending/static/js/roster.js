/** The roster beside the session's desk: read again once the log has a new row, and once for several scans in a row. */
const PAUSE_MS = 300;

const roster = document.querySelector("#roster");
let later = 0;

async function refresh() {
  const answer = await fetch(roster.dataset.url, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok && !answer.redirected) roster.innerHTML = await answer.text();
}

new MutationObserver(() => {
  clearTimeout(later);
  later = setTimeout(refresh, PAUSE_MS);
}).observe(document.querySelector("#log"), { childList: true });
