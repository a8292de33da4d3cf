/** The lists of the hold shelf, read anew after every scan: the page itself is asked, so that its words stay its own. */
const lists = document.querySelector("#lists");
let reading = false;
let again = false;

async function readAnew() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  do {
    again = false;
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) break;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#lists");
    if (fresh && !lists.contains(document.activeElement)) lists.replaceChildren(...fresh.childNodes);
  } while (again);
  reading = false;
}

new MutationObserver(readAnew).observe(document.querySelector("#log"), { childList: true });
