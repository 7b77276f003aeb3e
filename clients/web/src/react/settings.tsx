"use client";

import { type ReactNode, useEffect, useId, useRef } from "react";

import { type TelemetryConsent, useTelemetryConsent, useTelemetryErasure } from "./hooks.js";
import type { TelemetryMessages } from "./messages.js";
import { useMessages } from "./provider.js";
import { Sent } from "./sent.js";

/** What {@link TelemetrySettings} takes. */
export interface TelemetrySettingsProps {
  /** Words other than the provider's. */
  readonly messages?: Partial<TelemetryMessages> | undefined;
  /** A class of one's own beside `rhesis-telemetry`. */
  readonly className?: string | undefined;
}

/** All that a person may want to know and do about telemetry: a switch, what is sent, and "delete my data". */
export function TelemetrySettings({ messages, className = "" }: TelemetrySettingsProps): ReactNode {
  const words = useMessages(messages);
  const consent = useTelemetryConsent();
  const id = useId();
  return (
    <section className={`rhesis-telemetry ${className}`.trim()} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{words.title}</h2>
      <p>{words.purpose}</p>
      <div className="rhesis-telemetry-choice">
        <button
          type="button"
          role="switch"
          className="rhesis-telemetry-switch"
          aria-checked={consent.enabled}
          aria-labelledby={`${id}-switch`}
          aria-describedby={`${id}-state`}
          data-state={consent.enabled ? "on" : "off"}
          disabled={!consent.choosable || consent.saving}
          onClick={() => consent.choose(!consent.enabled)}
        />
        <span id={`${id}-switch`} className="rhesis-telemetry-label">
          {words.switchLabel}
        </span>
      </div>
      <p id={`${id}-state`} className="rhesis-telemetry-state" role="status">
        {stateOf(consent, words)}
      </p>
      <Explained words={words} />
      <Sent words={words} enabled={consent.enabled} />
      <Erasure words={words} />
    </section>
  );
}

/** What stands under the switch. */
export function stateOf({ status, enabled, saving, failed }: TelemetryConsent, words: TelemetryMessages): string {
  if (status === "objected" || status === "unconfigured") return words[status];
  if (saving) return words.saving;
  if (failed) return words.saveFailed;
  return enabled ? words.on : words.off;
}

function Explained({ words }: { words: TelemetryMessages }): ReactNode {
  const lists = [
    [words.collectedTitle, words.collected],
    [words.neverTitle, words.never],
  ] as const;
  return (
    <div className="rhesis-telemetry-explained">
      {lists.map(([title, lines]) => (
        <div key={title}>
          <h3>{title}</h3>
          <ul>
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

function Erasure({ words }: { words: TelemetryMessages }): ReactNode {
  const erasure = useTelemetryErasure();
  const id = useId();
  const keep = useRef<HTMLButtonElement>(null);
  const begin = useRef<HTMLButtonElement>(null);
  const confirming = erasure.state === "confirming";
  const asked = useRef(false);
  useEffect(() => {
    // Focus follows the question, and comes back when it is gone.
    if (confirming) keep.current?.focus();
    else if (asked.current) begin.current?.focus();
    asked.current = confirming;
  }, [confirming]);
  return (
    <div className="rhesis-telemetry-erasure">
      <h3>{words.eraseTitle}</h3>
      <p>{words.eraseExplained}</p>
      {confirming ? (
        <div
          role="group"
          aria-labelledby={`${id}-question`}
          onKeyDown={(event) => event.key === "Escape" && erasure.cancel()}
        >
          <p id={`${id}-question`}>{words.eraseQuestion}</p>
          <div className="rhesis-telemetry-actions">
            <button type="button" className="rhesis-telemetry-button" ref={keep} onClick={erasure.cancel}>
              {words.eraseCancel}
            </button>
            <button type="button" className="rhesis-telemetry-button" data-danger="" onClick={erasure.confirm}>
              {words.eraseConfirm}
            </button>
          </div>
        </div>
      ) : (
        <button
          type="button"
          className="rhesis-telemetry-button"
          ref={begin}
          aria-disabled={erasure.state === "sending"}
          onClick={() => erasure.state !== "sending" && erasure.begin()}
        >
          {words.erase}
        </button>
      )}
      <p role="status" className="rhesis-telemetry-state">
        {erasureState(erasure.state, words)}
      </p>
    </div>
  );
}

/** What stands under "delete my data". */
export function erasureState(state: string, words: TelemetryMessages): string {
  const said: Record<string, string> = { sending: words.erasing, done: words.erased, failed: words.eraseFailed };
  return said[state] ?? "";
}
