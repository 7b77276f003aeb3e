import { METADATA_CHARACTERS, METADATA_KEYS, type MetadataValue, SENSITIVE_WORDS } from "./contract.js";

/** Additions of the app's own to an event; other kinds of values than these are left out. */
export type Metadata = Readonly<Record<string, MetadataValue | null | undefined>>;

/** Longest name of a feature, action or event, in characters, as the server accepts it. */
const NAME_CHARACTERS = 128;

const SAFE_KEY = /^[a-z][\w.-]{0,63}$/i;

const HUMPS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;

// An e-mail address, a bearer token, a JWT, and keys in their services' known forms.
const SECRET =
  /[^\s@](?:@|%40)[^\s@]+\.[A-Za-z]{2}|\b[Bb]earer\s|\beyJ[\w-]{8,}\.|\bA[KS]IA[0-9A-Z]{16}|\b(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-|AIza|[sr]k[-_]|rh-)[\w-]{12}/;

// NUL, and halves of surrogate pairs such as cutting leaves behind: the server would reject the event for them.
const BROKEN = /[\0\ud800-\udfff]/gu;

/** A name that may be sent, or undefined: nothing where there is none, or where it looks like a secret. */
export function name(text: unknown): string | undefined {
  return harmless(text, NAME_CHARACTERS) || undefined;
}

/** The entries of `metadata` that may be sent, under the names that attributes have. */
export function attributes(metadata: Metadata | undefined): Record<`metadata.${string}`, MetadataValue> {
  const kept: Record<`metadata.${string}`, MetadataValue> = {};
  let left = METADATA_KEYS;
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const sent = SAFE_KEY.test(key) && !isSensitive(key) ? scalar(value) : undefined;
    if (sent !== undefined && left-- > 0) kept[`metadata.${key}`] = sent;
  }
  return kept;
}

function scalar(value: unknown): MetadataValue | undefined {
  if (typeof value === "boolean" || Number.isFinite(value)) return value as MetadataValue;
  return harmless(value, METADATA_CHARACTERS);
}

function harmless(text: unknown, characters: number): string | undefined {
  if (typeof text !== "string") return undefined;
  const cut = text.slice(0, characters).replace(BROKEN, "");
  return SECRET.test(cut) ? undefined : cut;
}

/** A short word counts only as a whole one (`ip` is no part of `zip`), and tokens that are counted are no credential. */
function isSensitive(key: string): boolean {
  const words = (key.match(HUMPS) ?? []).map((word) => word.toLowerCase());
  const joined = key.toLowerCase();
  return SENSITIVE_WORDS.split(" ").some(
    (word) =>
      words.includes(word) ||
      (word !== "token" && (words.includes(`${word}s`) || (word.length > 4 && joined.includes(word)))),
  );
}
