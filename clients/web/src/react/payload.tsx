"use client";

import { type ReactNode } from "react";

import { useStoredPreview, useTelemetryPayloads } from "./hooks.js";
import { filled, type TelemetryMessages } from "./messages.js";

interface Span {
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

/** How the buttons of a look are made. */
export type ButtonOf = (props: { readonly onClick: () => void; readonly children: string }) => ReactNode;

/** The last requests, or an example before there is one. */
export function Payloads({ words, Button }: { words: TelemetryMessages; Button: ButtonOf }): ReactNode {
  const { sent, sample } = useTelemetryPayloads();
  if (!sent.length) {
    return (
      <>
        <p>{words.sampleIntro}</p>
        {sample && <Payload body={sample} title={words.sampleTitle} words={words} Button={Button} />}
      </>
    );
  }
  return (
    <>
      <p>{words.sentIntro}</p>
      {sent.map(({ time, body }) => (
        <Payload key={`${time} ${body}`} body={body} time={time} title={words.sentAt} words={words} Button={Button} />
      ))}
    </>
  );
}

interface PayloadProps {
  readonly body: string;
  readonly time?: number;
  readonly title: string;
  readonly words: TelemetryMessages;
  readonly Button: ButtonOf;
}

function Payload({ body, time = 0, title, words, Button }: PayloadProps): ReactNode {
  const stored = useStoredPreview();
  const { resourceSpans } = JSON.parse(body) as Export;
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  const values = {
    time: new Date(time).toLocaleTimeString(),
    events: spans.length,
    bytes: new TextEncoder().encode(body).length,
  };
  return (
    <article className="rhesis-telemetry-payload">
      <h4>{filled(title, values)}</h4>
      <ol>
        {spans.map((span, index) => (
          <li key={index}>
            <Attributes title={span.name} entries={span.attributes.map(({ key, value }) => [key, valueOf(value)])} />
          </li>
        ))}
        {resourceSpans.map(({ resource }, index) => (
          <li key={`resource-${index}`}>
            <Attributes title="resource" entries={resource.attributes.map(({ key, value }) => [key, valueOf(value)])} />
          </li>
        ))}
      </ol>
      <details>
        <summary>{words.exactBytes}</summary>
        <pre tabIndex={0} role="region" aria-label={words.exactBytesLabel}>
          {body}
        </pre>
      </details>
      <Button onClick={() => stored.ask(body)}>{words.showStored}</Button>
      <div role="status">
        {stored.state === "failed" && <p>{words.storedFailed}</p>}
        {stored.answer && (
          <>
            <p>{words.storedIntro}</p>
            {stored.answer.stored.map(({ table, row }, index) => (
              <Attributes
                key={index}
                title={table}
                entries={Object.entries(row).map(([key, value]) => [key, shown(value)])}
              />
            ))}
            {stored.answer.rejected.map(({ reason, count }) => (
              <p key={reason}>
                {reason}: {count}
              </p>
            ))}
          </>
        )}
      </div>
    </article>
  );
}

function Attributes({ title, entries }: { title: string; entries: readonly (readonly [string, string])[] }): ReactNode {
  return (
    <table>
      <caption>{title}</caption>
      <tbody>
        {entries.map(([key, value]) => (
          <tr key={key}>
            <th scope="row">{key}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function valueOf(value: Readonly<Record<string, unknown>>): string {
  return shown(Object.values(value)[0]);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
