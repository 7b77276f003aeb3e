import type { RenderResult } from "@testing-library/react";
import { StrictMode, useEffect } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ConsentStore } from "../src/index.js";
import type * as Components from "../src/react/index.js";
import { ENDPOINT, KEY, Page } from "./browser.js";

let page: Page;
let unmount: () => void = () => undefined;
beforeEach(() => {
  page = new Page();
  vi.useRealTimers();
});
afterEach(() => unmount());

/** Components of a page of its own, and what draws them. */
async function load(): Promise<typeof Components & { draw: (element: React.ReactNode) => RenderResult }> {
  const components = await import("../src/react/index.js");
  const { render } = await import("@testing-library/react");
  const draw = (element: React.ReactNode): RenderResult => {
    const drawn = render(<StrictMode>{element}</StrictMode>);
    unmount = drawn.unmount;
    return drawn;
  };
  return { ...components, draw };
}

class Server implements ConsentStore {
  constructor(
    private readonly choice: boolean | null,
    private readonly save: () => Promise<unknown>,
  ) {}
  loadConsent(): Promise<boolean | null> {
    return Promise.resolve(this.choice);
  }
  saveConsent(): Promise<unknown> {
    return this.save();
  }
}

it("renders on a server, where nothing is known", async () => {
  const { TelemetryProvider, TelemetrySettings, TelemetryOptInDialog } = await load();
  const html = renderToString(
    <TelemetryProvider endpoint={ENDPOINT}>
      <TelemetrySettings />
      <TelemetryOptInDialog />
    </TelemetryProvider>,
  );

  expect(html).toContain('aria-checked="false"');
  expect(html).not.toContain("<dialog");
});

it("children find telemetry set up when their effects run", async () => {
  localStorage.setItem(KEY, JSON.stringify({ enabled: true, version: 2 }));
  const { TelemetryProvider, useTelemetry, draw } = await load();
  function Child(): null {
    const { trackEvent } = useTelemetry();
    useEffect(() => trackEvent("mounted"), [trackEvent]);
    return null;
  }
  draw(
    <TelemetryProvider endpoint={ENDPOINT} userId="alice" pageViews={false}>
      <Child />
    </TelemetryProvider>,
  );
  window.dispatchEvent(new Event("pagehide"));

  expect(page.spans[0]!.name).toBe("mounted");
  expect(page.spans[0]!.attributes["user.id"]).toBe("2bd806c97f0e00af");
});

it("who is signed in comes and goes", async () => {
  localStorage.setItem(KEY, JSON.stringify({ enabled: true, version: 2 }));
  const { TelemetryProvider, useTelemetry, draw } = await load();
  function Use(): React.ReactNode {
    const { trackEvent } = useTelemetry();
    return <button onClick={() => trackEvent("used")}>Use</button>;
  }
  const app = (userId: string | null): React.ReactNode => (
    <StrictMode>
      <TelemetryProvider endpoint={ENDPOINT} userId={userId} pageViews={false}>
        <Use />
      </TelemetryProvider>
    </StrictMode>
  );
  const drawn = draw(null);
  for (const userId of ["alice", null, "bob"]) {
    drawn.rerender(app(userId));
    drawn.getByText("Use").click();
  }
  window.dispatchEvent(new Event("pagehide"));

  expect(page.spans.map(({ attributes }) => attributes["user.id"])).toEqual([
    "2bd806c97f0e00af",
    undefined,
    "81b637d8fcd2c6da",
  ]);
});

describe("the switch", () => {
  it("says when a choice could not be kept, and tries again", async () => {
    const save = vi.fn(() => Promise.reject(new Error("away")));
    const { TelemetryProvider, TelemetrySettings, draw } = await load();
    const drawn = draw(
      <TelemetryProvider endpoint={ENDPOINT} consent={new Server(null, save)}>
        <TelemetrySettings />
      </TelemetryProvider>,
    );
    await vi.waitFor(() => expect(drawn.getByRole("switch").hasAttribute("disabled")).toBe(false));
    drawn.getByRole("switch").click();
    await drawn.findByText("Your choice could not be saved on the server. Please try again.");
    expect(drawn.getByRole("switch").getAttribute("aria-checked")).toBe("false");

    save.mockImplementation(() => Promise.resolve(undefined as never));
    drawn.getByRole("switch").click();
    await drawn.findByText("On. Thank you for helping to improve the product.");
  });

  it("is off for good where there is no endpoint", async () => {
    const { TelemetryProvider, TelemetrySettings, TelemetryOptInDialog, draw } = await load();
    const drawn = draw(
      <TelemetryProvider>
        <TelemetrySettings />
        <TelemetryOptInDialog />
      </TelemetryProvider>,
    );

    await drawn.findByText("Off: this installation sends no telemetry.");
    expect(drawn.getByRole("switch").hasAttribute("disabled")).toBe(true);
    expect(drawn.queryByRole("dialog")).toBe(null);
  });
});

it("every word can be another", async () => {
  const { TelemetryProvider, TelemetrySettings, draw } = await load();
  const drawn = draw(
    <TelemetryProvider endpoint={ENDPOINT} messages={{ title: "Telemetrie", switchLabel: "Teilen" }}>
      <TelemetrySettings messages={{ switchLabel: "Nutzung teilen" }} />
    </TelemetryProvider>,
  );

  expect(drawn.getByRole("region", { name: "Telemetrie" })).toBeTruthy();
  expect(drawn.getByRole("switch", { name: "Nutzung teilen" })).toBeTruthy();
});

it("the example is a request like those that are sent", async () => {
  const { TelemetryProvider, TelemetrySettings, draw } = await load();
  const drawn = draw(
    <TelemetryProvider endpoint={ENDPOINT} serviceVersion="9.9">
      <TelemetrySettings />
    </TelemetryProvider>,
  );
  const details = drawn.getByText("See what would be sent").closest("details")!;
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
  const region = await drawn.findByLabelText("The request, byte for byte");

  expect(JSON.parse(region.textContent)).toHaveProperty("resourceSpans");
  expect(drawn.getByText("9.9")).toBeTruthy();
  expect(page.requests).toEqual([]);
});
