// What a page gains where scripts run: charts beside their tables, sorting, pictures to keep, and a sign of loading.
import { copyOnClick } from "./copy.js";
import { plot } from "./plot.js";
import { pictureOf } from "./picture.js";
import { sortable } from "./sort.js";
import { submitOnChange, tellLeaving } from "./leaving.js";

const plots = new Map();

for (const panel of document.querySelectorAll(".panel[data-kind]")) {
  if (panel.querySelector(".plot")) plots.set(panel, plot(panel));
  const button = panel.querySelector("[data-png]");
  if (!button) continue;
  button.hidden = false;
  button.addEventListener("click", () => pictureOf(panel, plots.get(panel)));
}

for (const table of document.querySelectorAll(".panel table")) sortable(table);
for (const button of document.querySelectorAll("[data-copies]")) copyOnClick(button);
for (const select of document.querySelectorAll("[data-submits]")) submitOnChange(select);
tellLeaving();

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const one of plots.values()) one.redraw();
});
document.documentElement.dataset.ready = "";
