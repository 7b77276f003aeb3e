import { sha256 } from "./sha256.js";

const DIGITS = 16;

// In memory only, and emptied with the queue.
const known = new Map<string, string>();

/** Have Web Crypto hash an id, so that {@link pseudonym} has it when it is asked. */
export function prepare(id: string): void {
  const subtle = (crypto as Partial<Crypto>).subtle;
  if (known.has(id) || !subtle) return;
  subtle.digest("SHA-256", new TextEncoder().encode(id)).then(
    (digest) => known.set(id, hexadecimal(new Uint8Array(digest)).slice(0, DIGITS)),
    () => undefined,
  );
}

/** The first 16 hexadecimal digits of an id's SHA-256: the same as the Python client's, so that a person is one person. */
export function pseudonym(id: string): string {
  return known.get(id) ?? sha256(id).slice(0, DIGITS);
}

/** Forget the ids that were hashed. */
export function forgetPseudonyms(): void {
  known.clear();
}

/** Bytes in hexadecimal. */
export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
