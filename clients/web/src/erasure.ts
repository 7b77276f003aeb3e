import { erasure } from "./events.js";
import { discard, tracesUrl } from "./exporter.js";
import { encode, recorded } from "./otlp.js";
import { isRetryable, post } from "./post.js";
import { identified, setup } from "./telemetry.js";

const ATTEMPTS = 3;
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 5_000;

/**
 * Ask for all events of a person to be erased. It is their own request, so it goes out whatever they chose about
 * telemetry, and whatever their browser says. What waits to be sent is discarded first.
 *
 * @param userId - Who asks; default: who is signed in.
 * @returns Whether the request was received; never rejects.
 */
export async function requestErasure(userId?: string): Promise<boolean> {
  try {
    discard();
    const elsewhere = setup()?.options.consent;
    if (elsewhere?.eraseData) {
      await elsewhere.eraseData();
      return true;
    }
    return await ask(userId || identified().userId);
  } catch {
    return false;
  }
}

async function ask(userId: string | undefined): Promise<boolean> {
  const settings = setup()?.settings;
  if (!userId || !settings?.endpoint) return false;
  // Whose installation it is, is no matter here, and may not have been agreed to.
  const { body } = encode([recorded(erasure(), { userId })], { ...settings, installationId: undefined });
  for (let attempt = 1; ; attempt++) {
    const answer = await post(tracesUrl(settings), body, true);
    if (answer.status === 200) return !rejected(answer.body);
    if (attempt === ATTEMPTS || !isRetryable(answer)) return false;
    await new Promise((resolve) => setTimeout(resolve, Math.min(answer.retryAfter || PAUSE_MS, MAX_PAUSE_MS)));
  }
}

function rejected(body: string): boolean {
  const answer = JSON.parse(body || "{}") as { partialSuccess?: { rejectedSpans?: unknown } };
  return Number(answer.partialSuccess?.rejectedSpans ?? 0) > 0;
}
