"use client";

import { useCallback, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { onTelemetryStatus, setTelemetryEnabled, telemetryStatus, type TelemetryStatus } from "../consent.js";
import { requestErasure } from "../erasure.js";
import { lastPayloads, onPayload, type Payload } from "../exporter.js";
import { previewStored, samplePayload, type StoredPreview } from "../preview.js";
import { identify, reset, trackEvent, trackFeatureUsage, trackPageView, trackUserLogin } from "../telemetry.js";

/** What {@link useTelemetry} gives. */
export interface Telemetry {
  readonly status: TelemetryStatus;
  /** Whether events are recorded. */
  readonly enabled: boolean;
  readonly setTelemetryEnabled: typeof setTelemetryEnabled;
  readonly trackEvent: typeof trackEvent;
  readonly trackFeatureUsage: typeof trackFeatureUsage;
  readonly trackPageView: typeof trackPageView;
  readonly trackUserLogin: typeof trackUserLogin;
  readonly identify: typeof identify;
  readonly reset: typeof reset;
}

const nothing: readonly Payload[] = [];

function useStatus(): TelemetryStatus {
  return useSyncExternalStore(onTelemetryStatus, telemetryStatus, () => "unknown");
}

/** The functions of this package, which stay the same, and whether telemetry is on. */
export function useTelemetry(): Telemetry {
  const status = useStatus();
  return useMemo(
    () => ({
      status,
      enabled: status === "granted",
      setTelemetryEnabled,
      trackEvent,
      trackFeatureUsage,
      trackPageView,
      trackUserLogin,
      identify,
      reset,
    }),
    [status],
  );
}

/** What {@link useTelemetryConsent} gives. */
export interface TelemetryConsent {
  readonly status: TelemetryStatus;
  readonly enabled: boolean;
  /** Whether the person can choose: not where the browser objects or there is no endpoint. */
  readonly choosable: boolean;
  /** Whether a choice is being kept. */
  readonly saving: boolean;
  /** Whether the last choice could not be kept. */
  readonly failed: boolean;
  /** Choose. */
  readonly choose: (enabled: boolean) => void;
}

/** A person's choice, for a switch of one's own. */
export function useTelemetryConsent(): TelemetryConsent {
  const status = useStatus();
  const [progress, setProgress] = useState<"idle" | "saving" | "failed">("idle");
  const choose = useCallback((enabled: boolean) => {
    setProgress("saving");
    void setTelemetryEnabled(enabled).then((saved) => setProgress(saved ? "idle" : "failed"));
  }, []);
  return {
    status,
    enabled: status === "granted",
    choosable: status === "undecided" || status === "granted" || status === "denied",
    saving: progress === "saving",
    failed: progress === "failed",
    choose,
  };
}

/** What {@link useTelemetryOptIn} gives. */
export interface TelemetryOptIn extends TelemetryConsent {
  /** Whether to ask. */
  readonly open: boolean;
  /** Close the question without an answer; the next page load asks again. */
  readonly postpone: () => void;
}

/** The question whether telemetry may be on, for a dialog of one's own: it is open until it is answered. */
export function useTelemetryOptIn(): TelemetryOptIn {
  const consent = useTelemetryConsent();
  const [postponed, setPostponed] = useState(false);
  const postpone = useCallback(() => setPostponed(true), []);
  return { ...consent, open: consent.status === "undecided" && !postponed, postpone };
}

/** What {@link useTelemetryPayloads} gives. */
export interface TelemetryPayloads {
  /** The last requests, the newest first, as long as telemetry is on. */
  readonly sent: readonly Payload[];
  /** An example of a request, made by the same code; empty on a server. */
  readonly sample: string;
}

/** What is sent, as it is sent. */
export function useTelemetryPayloads(): TelemetryPayloads {
  const payloads = useSyncExternalStore(onPayload, lastPayloads, () => nothing);
  // It has random ids in it, which would differ between a server's rendering and the browser's.
  const isBrowser = useSyncExternalStore(
    () => () => undefined,
    () => true,
    () => false,
  );
  const sample = useMemo(() => (isBrowser ? samplePayload() : ""), [isBrowser]);
  return { sent: useMemo(() => [...payloads].reverse(), [payloads]), sample };
}

/** What {@link useStoredPreview} gives. */
export interface StoredPreviewRequest {
  readonly state: "idle" | "asking" | "answered" | "failed";
  readonly answer: StoredPreview | undefined;
  /** Ask the server what it would store of a request; it stores nothing. */
  readonly ask: (body: string) => void;
}

/** What the server would store of a request. */
export function useStoredPreview(): StoredPreviewRequest {
  const [found, setFound] = useState<Omit<StoredPreviewRequest, "ask">>({ state: "idle", answer: undefined });
  const ask = useCallback((body: string) => {
    setFound({ state: "asking", answer: undefined });
    void previewStored(body).then((answer) => setFound({ state: answer ? "answered" : "failed", answer }));
  }, []);
  return { ...found, ask };
}

/** What {@link useTelemetryErasure} gives. */
export interface TelemetryErasure {
  readonly state: "idle" | "confirming" | "sending" | "done" | "failed";
  /** Ask the person whether they are sure. */
  readonly begin: () => void;
  /** They are not. */
  readonly cancel: () => void;
  /** They are: ask for the erasure. */
  readonly confirm: () => void;
}

/** "Delete my data", with a question before and a result after. */
export function useTelemetryErasure(): TelemetryErasure {
  const [state, setState] = useState<TelemetryErasure["state"]>("idle");
  const underway = useRef(false);
  const confirm = useCallback(() => {
    if (underway.current) return;
    underway.current = true;
    setState("sending");
    void requestErasure().then((received) => {
      underway.current = false;
      setState(received ? "done" : "failed");
    });
  }, []);
  return {
    state,
    begin: useCallback(() => setState("confirming"), []),
    cancel: useCallback(() => setState("idle"), []),
    confirm,
  };
}
