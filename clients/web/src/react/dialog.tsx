"use client";

import { type ReactNode, useEffect, useId, useRef } from "react";

import { useTelemetryOptIn } from "./hooks.js";
import type { TelemetryMessages } from "./messages.js";
import { useMessages } from "./provider.js";
import { Sent } from "./sent.js";

/** What {@link TelemetryOptInDialog} takes. */
export interface TelemetryOptInDialogProps {
  /** Words other than the provider's. */
  readonly messages?: Partial<TelemetryMessages> | undefined;
  /** A class of one's own beside `rhesis-telemetry`. */
  readonly className?: string | undefined;
}

/**
 * Asks once whether telemetry may be on. Both answers look the same and are as near; Escape closes it and decides nothing.
 * It shows itself only while there is something to decide.
 */
export function TelemetryOptInDialog({ messages, className = "" }: TelemetryOptInDialogProps): ReactNode {
  const words = useMessages(messages);
  const { open, choose, postpone, saving, failed } = useTelemetryOptIn();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // A modal dialog of the browser's own: the rest of the page is inert, and focus stays inside.
    if (open && !dialog.current?.open) dialog.current?.showModal();
    // Neither answer has the focus, or pressing Enter would be one.
    if (open) title.current?.focus();
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={dialog}
      className={`rhesis-telemetry rhesis-telemetry-dialog ${className}`.trim()}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onClose={postpone}
    >
      <h2 id={`${id}-title`} ref={title} tabIndex={-1}>
        {words.askTitle}
      </h2>
      <div id={`${id}-text`}>
        <p>{words.ask}</p>
        <p>{words.askLater}</p>
      </div>
      <Sent words={words} enabled={false} />
      <div className="rhesis-telemetry-actions">
        {([false, true] as const).map((answer) => (
          <button
            key={String(answer)}
            type="button"
            className="rhesis-telemetry-button"
            disabled={saving}
            onClick={() => choose(answer)}
          >
            {answer ? words.accept : words.decline}
          </button>
        ))}
      </div>
      <p role="status" className="rhesis-telemetry-state">
        {failed ? words.saveFailed : ""}
      </p>
    </dialog>
  );
}
