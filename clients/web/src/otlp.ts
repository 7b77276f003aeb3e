import { CONTRACT_VERSION, type MetadataValue } from "./contract.js";
import type { Happening, Identity } from "./events.js";
import type { Settings } from "./options.js";
import { hexadecimal, pseudonym } from "./pseudonyms.js";
import { SDK_NAME, SDK_VERSION } from "./version.js";

/** A happening with its time and its identity: what the queue holds. */
export interface RecordedEvent extends Happening, Identity {
  readonly traceId: string;
  readonly spanId: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** The body of an export request, and how many events are in it. */
export interface Batch {
  readonly body: string;
  /** No fewer than the body has. */
  readonly bytes: number;
  readonly count: number;
}

/** Give a happening its time and ids; a retry keeps them, by which the server counts it once. */
export function recorded(happening: Happening, identity: Identity): RecordedEvent {
  return { ...happening, ...identity, traceId: randomId(16), spanId: randomId(8), time: Date.now() };
}

/**
 * Encode events as an OTLP/JSON export request (OTLP 1.x, "JSON Protobuf Encoding").
 *
 * @param maxBytes - As many of the first events are taken as fit; at least one is.
 */
export function encode(events: readonly RecordedEvent[], settings: Settings, maxBytes = Infinity): Batch {
  const frame = JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource(settings)) },
        scopeSpans: [{ scope: { name: SDK_NAME }, spans: [] }],
      },
    ],
  });
  const middle = frame.lastIndexOf("[]") + 1;
  const spans: string[] = [];
  let bytes = length(frame);
  for (const event of events) {
    const span = JSON.stringify(spanOf(event));
    const longer = bytes + length(span) + 1;
    if (spans.length && longer > maxBytes) break;
    bytes = longer;
    spans.push(span);
  }
  return { body: frame.slice(0, middle) + spans.join() + frame.slice(middle), bytes, count: spans.length };
}

function resource(settings: Settings): Record<string, MetadataValue | undefined> {
  return {
    "service.name": settings.serviceName,
    "service.namespace": "rhesis",
    "service.version": settings.serviceVersion,
    "deployment.type": settings.deploymentType,
    "rhesis.installation.id": settings.installationId,
    "telemetry.sdk.language": "webjs",
    "telemetry.sdk.name": SDK_NAME,
    "telemetry.sdk.version": SDK_VERSION,
  };
}

function spanOf(event: RecordedEvent): object {
  const time = `${event.time}000000`;
  return {
    traceId: event.traceId,
    spanId: event.spanId,
    name: event.name,
    kind: 1,
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes: keyValues({
      ...event.attributes,
      "user.id": event.userId && pseudonym(event.userId),
      "organization.id": event.organizationId && pseudonym(event.organizationId),
      "telemetry.consent.version": CONTRACT_VERSION,
    }),
  };
}

function keyValues(attributes: Record<string, MetadataValue | undefined>): object[] {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: MetadataValue | undefined): object {
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isSafeInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
  return { stringValue: value };
}

function randomId(bytes: number): string {
  return hexadecimal(crypto.getRandomValues(new Uint8Array(bytes)));
}

function length(text: string): number {
  return new TextEncoder().encode(text).length;
}
