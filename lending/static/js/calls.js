/** The keys 1 to 4 of the overdue calls. They work while one of the outcome's buttons has the focus, so that no key that
 * is pressed elsewhere on the page notes anything. */
const form = document.getElementById("outcomes");

form?.addEventListener("keydown", (event) => {
  const { key, altKey, ctrlKey, metaKey } = event;
  if (altKey || ctrlKey || metaKey || event.repeat) return;
  const button = /^[1-9]$/.test(key) ? form.querySelectorAll("button[name=outcome]")[Number(key) - 1] : undefined;
  if (!button) return;
  event.preventDefault();
  button.click();
});
