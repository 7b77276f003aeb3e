import { isTelemetryEnabled, telemetryStatus } from "./consent.js";
import { type Batch, encode, type RecordedEvent } from "./otlp.js";
import type { Settings } from "./options.js";
import { isRetryable, post } from "./post.js";
import { forgetPseudonyms, prepare } from "./pseudonyms.js";
import { safely } from "./safely.js";

const MAX_QUEUED = 512;
const MAX_BATCH = 64;
const DELAY_MS = 5_000;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
// Whatever a server says: a timer overflows at 24 days, and then fires at once.
const MAX_WAIT_MS = 3_600_000;

// Browsers let requests that outlive a page carry 64 KiB together (Fetch standard, "HTTP-network-or-cache fetch").
const MAX_BYTES = 60_000;

const MAX_SHOWN = 10;

/** One request as it was sent. */
export interface Payload {
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** The request's body, byte for byte. */
  readonly body: string;
}

let settings: Settings | undefined;
let queue: RecordedEvent[] = [];
let dropped = 0;
let failures = 0;
let notBefore = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let listening = false;
const underway = new Map<AbortController, number>();
let payloads: readonly Payload[] = [];
const listeners = new Set<() => void>();

/** Where to send to. */
export function startExporter(to: Settings): void {
  settings = to;
}

/** How many events were dropped because more were waiting than may; the oldest go first. */
export function droppedEvents(): number {
  return dropped;
}

/** The last requests of this page, the newest last; forgotten with a no. */
export function lastPayloads(): readonly Payload[] {
  return payloads;
}

/** Call `listener` after each change of {@link lastPayloads}; returns what ends that. */
export function onPayload(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Have an event sent soon. */
export function enqueue(event: RecordedEvent): void {
  listen();
  for (const id of [event.userId, event.organizationId]) if (id) prepare(id);
  queue.push(event);
  trim();
  if (queue.length >= MAX_BATCH && !failures) cancel();
  schedule(queue.length >= MAX_BATCH ? 0 : DELAY_MS);
}

/** Send what waits now: the network is back, or a choice that was not known is known to be a yes. */
export function resume(): void {
  cancel();
  schedule(0);
}

/** Forget all that waits, and cut off what is on its way. */
export function discard(): void {
  queue = [];
  failures = notBefore = 0;
  cancel();
  for (const request of underway.keys()) request.abort();
  underway.clear();
  forgetPseudonyms();
  show();
}

/** Send what waits now, as far as it may go: the page may be gone in a moment. */
export function flush(): void {
  if (!isTelemetryEnabled() || Date.now() < notBefore) return;
  cancel();
  let left = MAX_BYTES;
  for (const bytes of underway.values()) left -= bytes;
  while (queue.length && settings) {
    const batch = encode(queue.slice(0, MAX_BATCH), settings, left);
    if (batch.bytes > left) return schedule(DELAY_MS);
    left -= batch.bytes;
    void send(batch, settings, true);
  }
}

function listen(): void {
  if (listening) return;
  listening = true;
  const leave = (): unknown => safely(flush);
  addEventListener("pagehide", leave);
  // On phones an app that is put away may never come back, and no other event tells.
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
  addEventListener("online", () => safely(resume));
}

function schedule(delay: number): void {
  if (timer !== undefined || underway.size || !queue.length) return;
  const wait = Math.max(delay, notBefore - Date.now());
  timer = setTimeout(() => safely(next), Math.min(wait, MAX_WAIT_MS));
}

function cancel(): void {
  clearTimeout(timer);
  timer = undefined;
}

function next(): void {
  timer = undefined;
  if (!isTelemetryEnabled()) return telemetryStatus() === "unknown" ? undefined : discard();
  // The event `online` goes on from here.
  if (!settings || !navigator.onLine) return;
  const batch = encode(queue.slice(0, MAX_BATCH), settings, MAX_BYTES);
  // The first attempt may outlive the page; others do without, since the page's other requests use up the same budget.
  void send(batch, settings, !failures && batch.bytes <= MAX_BYTES);
}

async function send(batch: Batch, settings: Settings, keepalive: boolean): Promise<void> {
  const events = queue.splice(0, batch.count);
  const request = new AbortController();
  underway.set(request, batch.bytes);
  show(batch);
  const answer = await post(tracesUrl(settings), batch.body, keepalive, request);
  // A no came in between.
  if (!underway.delete(request)) return;
  if (!isRetryable(answer)) {
    failures = notBefore = 0;
    return schedule(queue.length < MAX_BATCH ? DELAY_MS : 0);
  }
  queue.unshift(...events);
  trim();
  if (answer.retryAfter) notBefore = Date.now() + answer.retryAfter;
  schedule(Math.min(FIRST_BACKOFF_MS * 2 ** failures++, MAX_BACKOFF_MS) * (0.5 + Math.random()));
}

/** Where events are posted to. */
export function tracesUrl({ endpoint }: Settings): string {
  return `${endpoint}/v1/traces`;
}

function trim(): void {
  const excess = queue.length - MAX_QUEUED;
  if (excess <= 0) return;
  queue.splice(0, excess);
  dropped += excess;
}

function show(batch?: Batch): void {
  if (!batch && !payloads.length) return;
  payloads = batch ? [...payloads, { time: Date.now(), body: batch.body }].slice(-MAX_SHOWN) : [];
  for (const listener of listeners) safely(listener);
}
