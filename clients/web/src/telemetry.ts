import {
  isConsentAsked,
  leaveConsent,
  loadConsent,
  onTelemetryStatus,
  startConsent,
  telemetryStatus,
} from "./consent.js";
import { event, featureUsage, type Happening, type Identity, login, pageView } from "./events.js";
import { discard, enqueue, flush, resume, startExporter } from "./exporter.js";
import { complete, type Settings, type TelemetryOptions } from "./options.js";
import { recorded, type RecordedEvent } from "./otlp.js";
import { safely } from "./safely.js";
import type { Metadata } from "./scrub.js";

let started: { readonly options: TelemetryOptions; readonly settings: Settings } | undefined;
let identity: Identity = {};

// What happens while the app's server is asked for a choice that was made before, such as the login that made us ask.
const MAX_HELD = 32;
let held: RecordedEvent[] = [];

/**
 * Set telemetry up; to be called once, in the browser. On a server, and when called again, it does nothing.
 *
 * Nothing is recorded, hashed, timed or sent before the person has said yes.
 *
 * @example
 * initTelemetry({ endpoint: "https://telemetry.example.com", deploymentType: "cloud" });
 */
export function initTelemetry(options: TelemetryOptions = {}): void {
  safely(() => {
    if (started || typeof window === "undefined") return;
    started = { options, settings: complete(options) };
    startExporter(started.settings);
    onTelemetryStatus(obey);
    startConsent(started.settings.endpoint !== "", options.consent);
  });
}

/** What {@link initTelemetry} was given, and what came of it. */
export function setup(): typeof started {
  return started;
}

/** Who is signed in, as {@link identify} was told. */
export function identified(): Identity {
  return identity;
}

/**
 * Say who is signed in, so that events need not. Both ids leave the browser only as the first 16 hexadecimal digits of
 * their SHA-256, and only after a yes.
 */
export function identify(userId: string, organizationId?: string): void {
  safely(() => {
    // A server's modules live on from one person's request to the next.
    if (typeof window === "undefined") return;
    const before = identity.userId;
    identity = { userId: text(userId), organizationId: text(organizationId) };
    if (started?.options.consent && before !== identity.userId) loadConsent();
  });
}

/** Say that nobody is signed in any more. What was recorded until now is still sent. */
export function reset(): void {
  safely(() => {
    flush();
    identity = {};
    leaveConsent();
  });
}

/**
 * Record that a page was viewed; {@link trackPageViews} does it by itself.
 *
 * @param page - Its path; what is more than a path, and ids in it, are cut off.
 * @param userId - Whose event it is; default: who is signed in.
 * @param organizationId - Likewise.
 */
export function trackPageView(page: string, userId?: string, organizationId?: string): void {
  track(() => pageView(page), userId, organizationId);
}

/**
 * Record an event of the app's own.
 *
 * @param name - At most 128 characters.
 * @param props - Up to 32 texts, numbers and booleans. Keys that name a person, a credential or content are left out, and
 * so are values that look like an address or a credential.
 * @param userId - Whose event it is; default: who is signed in.
 * @param organizationId - Likewise.
 */
export function trackEvent(name: string, props?: Metadata, userId?: string, organizationId?: string): void {
  track(() => event(name, props), userId, organizationId);
}

/**
 * Record that a feature was used.
 *
 * @param feature - At most 128 characters, such as `test_run`.
 * @param action - What was done with it, such as `created`.
 * @param metadata - As of {@link trackEvent}.
 * @param userId - Whose event it is; default: who is signed in.
 * @param organizationId - Likewise.
 */
export function trackFeatureUsage(
  feature: string,
  action: string,
  metadata?: Metadata,
  userId?: string,
  organizationId?: string,
): void {
  track(() => featureUsage(feature, action, metadata), userId, organizationId);
}

/** Record that a person logged in. */
export function trackUserLogin(userId: string, organizationId?: string): void {
  track(login, userId, organizationId);
}

function obey(): void {
  const status = telemetryStatus();
  if (status === "granted") {
    held.forEach(enqueue);
    resume();
  } else if (status !== "unknown") {
    discard();
  }
  held = [];
}

function track(happening: () => Happening | undefined, userId?: string, organizationId?: string): void {
  safely(() => {
    const status = telemetryStatus();
    // Whoever objects while events wait has objected to those, too.
    if (status === "objected") return discard();
    if (status !== "granted" && !isConsentAsked()) return;
    const happened = happening();
    if (!happened) return;
    const event = recorded(happened, {
      userId: text(userId) ?? identity.userId,
      organizationId: text(organizationId) ?? identity.organizationId,
    });
    if (status === "granted") enqueue(event);
    else if (held.length < MAX_HELD) held.push(event);
  });
}

/** An id that is a number in the app is a text to all who hash it. */
function text(id: unknown): string | undefined {
  return typeof id === "string" || typeof id === "number" ? `${id}` || undefined : undefined;
}
