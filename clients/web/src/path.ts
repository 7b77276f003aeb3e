const MAX_CHARACTERS = 256;

// A scheme with its host, or a host alone.
const ORIGIN = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*/i;

// Numbers, hexadecimal, UUIDs and other machine-made ids, addresses, and what is too long to be a word.
const ID = /^(?:\d+|(?=\D*\d)(?:[0-9a-f]{8,}|[\w-]{16,})|.*(?:@|%40).*|.{41,})$/i;

/**
 * A page's path as a template: no scheme, host, query or fragment, and `{id}` for each id in it.
 * The server reduces it further; what is cut here never leaves the browser.
 */
export function pathTemplate(page: string): string {
  const path = page.trim().replace(ORIGIN, "").split(/[?#]/)[0] ?? "";
  const segments = path.split("/").filter(Boolean).map(template);
  return `/${segments.join("/")}`.slice(0, MAX_CHARACTERS);
}

function template(segment: string): string {
  return ID.test(segment) ? "{id}" : (segment.split(";")[0] ?? "");
}
