"use client";

import { type ReactNode, useState } from "react";

import type { TelemetryMessages } from "./messages.js";
import { type ButtonOf, Payloads } from "./payload.js";

const Button: ButtonOf = ({ onClick, children }) => (
  <button type="button" className="rhesis-telemetry-button" onClick={onClick}>
    {children}
  </button>
);

/** "See what is sent", closed until it is asked for. */
export function Sent({ words, enabled }: { words: TelemetryMessages; enabled: boolean }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <details className="rhesis-telemetry-sent" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{enabled ? words.showSent : words.showSample}</summary>
      {open && <Payloads words={words} Button={Button} />}
    </details>
  );
}
