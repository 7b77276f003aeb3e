// The palette, as the style sheet has it at this moment.

const DASHES = [[], [], [], [6, 3], [2, 3], [8, 3, 2, 3]];

export function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    surface: colour("surface"),
    text: colour("text"),
    soft: colour("text-soft"),
    line: colour("line"),
    heat: [colour("heat-low"), colour("heat-high")],
    font: getComputedStyle(document.body).fontFamily,
    series: (number) => ({ colour: colour(`series-${(number % 6) + 1}`), dash: DASHES[number % 6] }),
  };
}
