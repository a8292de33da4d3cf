/** Prints a slip as soon as it is open, when the desk asked for that, and gives the window back. */
const button = document.querySelector("#print");
button.hidden = false;
button.addEventListener("click", () => print());
if ("now" in button.dataset) {
  addEventListener("afterprint", () => close());
  addEventListener("load", () => print());
}
