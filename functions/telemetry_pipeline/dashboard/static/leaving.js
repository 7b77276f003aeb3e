// A sign that another view is on its way, and forms that need no button.

export function submitOnChange(select) {
  const button = select.form.querySelector("button");
  if (button) button.hidden = true;
  select.addEventListener("change", () => select.form.requestSubmit());
}

export function tellLeaving() {
  document.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
    const link = target.closest("a[href]");
    const stays = !link || ctrlKey || metaKey || shiftKey || link.hasAttribute("download") || link.getAttribute("href").startsWith("#");
    if (!stays) document.documentElement.classList.add("is-leaving");
  });
  document.addEventListener("submit", () => document.documentElement.classList.add("is-leaving"));
  addEventListener("pageshow", () => document.documentElement.classList.remove("is-leaving"));
}
