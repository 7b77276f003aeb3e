import { vi } from "vitest";

import type * as Package from "../src/index.js";
import type { ConsentStore } from "../src/index.js";

export const ENDPOINT = "https://telemetry.example";
export const KEY = "rhesis.telemetry.consent";

export interface Request {
  readonly url: string;
  readonly body: string;
  readonly init: RequestInit;
}

export type Attributes = Record<string, string | number | boolean>;

export interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly attributes: Attributes;
}

type Answering = (request: Request) => Promise<Response> | Response;

const listeners: [EventTarget, string, EventListenerOrEventListenerObject | null][] = [];

/** A page of its own: nothing stored, nothing heard from earlier ones, and a network that answers as it is told. */
export class Page {
  readonly requests: Request[] = [];
  answer: Answering = () => new Response("{}");

  constructor() {
    vi.resetModules();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    localStorage.clear();
    history.replaceState(null, "", "/");
    for (const [target, type, listener] of listeners.splice(0)) target.removeEventListener(type, listener);
    for (const target of [window, document]) {
      const add = target.addEventListener.bind(target);
      vi.spyOn(target, "addEventListener").mockImplementation(
        (type: string, listener: EventListenerOrEventListenerObject | null) => {
          listeners.push([target, type, listener]);
          if (listener) add(type, listener);
        },
      );
    }
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const request = { url, body: init.body as string, init };
      this.requests.push(request);
      const cutOff = new Promise<never>((_resolve, reject) =>
        init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
      );
      return Promise.race([this.answer(request), cutOff]);
    });
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 25) });
  }

  /** The package as a page that was just opened has it. */
  async load(): Promise<typeof Package> {
    return import("../src/index.js");
  }

  /** The package, set up, by somebody who said yes. */
  async loadWithYes(consent?: ConsentStore): Promise<typeof Package> {
    const telemetry = await this.load();
    localStorage.setItem(KEY, JSON.stringify({ enabled: true, version: telemetry.CONTRACT_VERSION }));
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent });
    return telemetry;
  }

  /** All spans that were sent. */
  get spans(): Span[] {
    return this.requests.flatMap(({ body }) => spansOf(body));
  }

  /** Let `milliseconds` pass. */
  async wait(milliseconds = 5_000): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
  }
}

interface KeyValue {
  readonly key: string;
  readonly value: Record<string, string | number | boolean>;
}

interface Export {
  readonly resourceSpans: {
    readonly resource: { readonly attributes: KeyValue[] };
    readonly scopeSpans: { readonly spans: (Omit<Span, "attributes"> & { readonly attributes: KeyValue[] })[] }[];
  }[];
}

export function resourceOf(body: string): Attributes {
  return plain((JSON.parse(body) as Export).resourceSpans[0]!.resource.attributes);
}

export function spansOf(body: string): Span[] {
  return (JSON.parse(body) as Export).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, attributes: plain(span.attributes) }))),
  );
}

function plain(attributes: KeyValue[]): Attributes {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, "intValue" in value ? Number(value.intValue) : Object.values(value)[0]!]),
  );
}
