// Sorting a table by a click on the head of a column.

const ORDERS = { ascending: 1, descending: -1 };

export function sortable(table) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 2) return;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head, column));
  });
}

function sort(table, head, column) {
  const order = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && !head.classList.contains("number")) ? "ascending" : "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const rows = [...table.tBodies[0].rows];
  rows.sort((one, other) => compare(key(one, column), key(other, column), ORDERS[order]));
  table.tBodies[0].append(...rows);
}

function key(row, column) {
  const { value } = row.cells[column].dataset;
  if (value === undefined) return null;
  return value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value;
}

// What has no value stands last, whichever way.
function compare(one, other, order) {
  if (one === null || other === null) return (one === null) - (other === null);
  return (one < other ? -1 : one > other ? 1 : 0) * order;
}
