const TIMEOUT_MS = 5_000;
const RETRYABLE = [0, 429, 502, 503, 504];

/** What came of a request; status 0 is none at all: refused, cut off, too late. */
export interface Answer {
  readonly status: number;
  /** How long the server wants to be left alone, in milliseconds. */
  readonly retryAfter: number;
  readonly body: string;
}

/** Whether the same request may succeed later (OTLP 1.x, "Retryable Response Codes"). */
export function isRetryable(answer: Answer): boolean {
  return RETRYABLE.includes(answer.status);
}

/**
 * Post JSON, and give up after five seconds.
 *
 * @param keepalive - Whether the request outlives the page; at most 64 KiB of all such requests may be on their way.
 * @returns The answer; never rejects.
 */
export async function post(
  url: string,
  body: string,
  keepalive: boolean,
  aborted = new AbortController(),
): Promise<Answer> {
  const timeout = setTimeout(() => aborted.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      keepalive,
      signal: aborted.signal,
      // No cookie goes along, no address of a page, and nothing to where the endpoint might send us on.
      credentials: "omit",
      referrerPolicy: "no-referrer",
      redirect: "error",
    });
    return {
      status: response.status,
      retryAfter: milliseconds(response.headers.get("retry-after")),
      body: await response.text(),
    };
  } catch {
    return { status: 0, retryAfter: 0, body: "" };
  } finally {
    clearTimeout(timeout);
  }
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
function milliseconds(retryAfter: string | null): number {
  return Number(retryAfter) * 1000 || Date.parse(retryAfter ?? "") - Date.now() || 0;
}
