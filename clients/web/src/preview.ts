import type { MetadataValue } from "./contract.js";
import { event, featureUsage, type Happening, login, pageView } from "./events.js";
import { encode, recorded } from "./otlp.js";
import { complete } from "./options.js";
import { post } from "./post.js";
import { setup } from "./telemetry.js";

/** What would be stored of a request, and what would not. */
export interface StoredPreview {
  readonly stored: readonly {
    readonly table: string;
    readonly row: Readonly<Record<string, MetadataValue | null | Readonly<Record<string, MetadataValue>>>>;
  }[];
  readonly rejected: readonly { readonly reason: string; readonly count: number }[];
}

const SOMEBODY = { userId: "00000000-0000-4000-8000-000000000000", organizationId: "example-organization" };

/**
 * A request with one event of each kind, about a made-up person: the same code makes it as makes those that are sent, so
 * that what a person is shown before they choose is what will leave their browser.
 */
export function samplePayload(): string {
  const happenings: (Happening | undefined)[] = [
    login(),
    pageView(`/projects/${SOMEBODY.userId}`),
    featureUsage("test_run", "created", { tests: 5 }),
    event("button_click", { button: "create_test" }),
  ];
  const events = happenings.flatMap((happening) => (happening ? [recorded(happening, SOMEBODY)] : []));
  return encode(events, setup()?.settings ?? complete({})).body;
}

/**
 * Ask the server what it would store of a request; it stores nothing. The request leaves the browser for that, so it
 * belongs behind a button.
 *
 * @returns undefined where there is no answer; never rejects.
 */
export async function previewStored(body: string): Promise<StoredPreview | undefined> {
  try {
    const endpoint = setup()?.settings.endpoint;
    if (!endpoint) return undefined;
    const answer = await post(`${endpoint}/v1/preview`, body, false);
    return answer.status === 200 ? (JSON.parse(answer.body) as StoredPreview) : undefined;
  } catch {
    return undefined;
  }
}
