import { beforeEach, describe, expect, it, vi } from "vitest";

import { Page, spansOf } from "./browser.js";

let page: Page;
beforeEach(() => {
  page = new Page();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(true);
});

const refusal =
  (status: number, headers: Record<string, string> = {}) =>
  (): Response =>
    new Response("", { status, headers });

describe("batches", () => {
  it("leave after five seconds together", async () => {
    const telemetry = await page.loadWithYes();
    telemetry.trackEvent("a");
    await page.wait(4_000);
    telemetry.trackEvent("b");
    expect(page.requests).toEqual([]);
    await page.wait(1_000);

    expect(page.spans.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leave at once when 64 wait, one request after the other", async () => {
    const telemetry = await page.loadWithYes();
    for (let number = 0; number < 200; number++) telemetry.trackEvent(`e${number}`);
    await page.wait(10);

    expect(page.requests.map(({ body }) => spansOf(body).length)).toEqual([64, 64, 64]);
    await page.wait();
    expect(page.spans.map(({ name }) => name)).toEqual(Array.from({ length: 200 }, (_, number) => `e${number}`));
  });

  it("stay under 60 kB, whatever is in them", async () => {
    const telemetry = await page.loadWithYes();
    const metadata = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, "ä".repeat(256)]));
    for (let number = 0; number < 10; number++) telemetry.trackEvent(`e${number}`, metadata);
    await page.wait(100_000);

    const sizes = page.requests.map(({ body }) => new TextEncoder().encode(body).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(60_000);
    expect(page.spans).toHaveLength(10);
  });

  it("drop the oldest of more than 512, and count them", async () => {
    const telemetry = await page.loadWithYes();
    page.answer = refusal(503);
    for (let number = 0; number < 600; number++) telemetry.trackEvent(`e${number}`);

    expect(telemetry.droppedEvents()).toBe(88);
    await page.wait(0);
    expect(page.spans[0]!.name).toBe("e88");
  });
});

describe("a server that", () => {
  it.each([429, 502, 503, 504])("answers %i gets the same events again, later and later", async (status) => {
    const telemetry = await page.loadWithYes();
    page.answer = refusal(status);
    telemetry.trackEvent("e");
    const times: number[] = [];
    for (let second = 0; second < 200; second++) {
      const before = page.requests.length;
      await page.wait(1_000);
      if (page.requests.length > before) times.push(second);
    }

    expect(times.map((time, index) => time - (times[index - 1] ?? 0))).toEqual([4, 1, 2, 4, 8, 16, 32, 60, 60]);
    expect(new Set(page.spans.map(({ spanId }) => spanId)).size).toBe(1);
    page.answer = refusal(200);
    await page.wait(60_000);
    expect(vi.getTimerCount()).toBe(0);

    page.answer = refusal(status);
    telemetry.trackEvent("e");
    await page.wait(5_000);
    const again = page.requests.length;
    await page.wait(1_000);
    expect(page.requests).toHaveLength(again + 1);
  });

  it("is away is not asked more often because more happens", async () => {
    const telemetry = await page.loadWithYes();
    page.answer = refusal(503);
    telemetry.trackEvent("e");
    await page.wait(20_000);
    const before = page.requests.length;
    for (let more = 0; more < 100; more++) telemetry.trackEvent("more");
    await page.wait(10);

    expect(page.requests).toHaveLength(before);
  });

  it.each([
    ["7", 7_000],
    [new Date(Date.UTC(2026, 10, 25, 0, 0, 20)).toUTCString(), 15_000],
    ["99999999999", 3_600_000],
  ])("asks to be left alone with Retry-After: %s is left alone", async (header, milliseconds) => {
    const telemetry = await page.loadWithYes();
    page.answer = refusal(503, { "retry-after": header });
    telemetry.trackEvent("e");
    await page.wait(5_000);
    for (let more = 0; more < 100; more++) telemetry.trackEvent("more");
    window.dispatchEvent(new Event("pagehide"));
    await page.wait(milliseconds - 1);
    expect(page.requests).toHaveLength(1);
    await page.wait(2);
    expect(page.requests).toHaveLength(2);
  });

  it.each([200, 400, 404, 413, 415, 500])("answers %i is not asked again", async (status) => {
    const telemetry = await page.loadWithYes();
    page.answer = refusal(status, { "retry-after": "1" });
    telemetry.trackEvent("e");
    await page.wait(300_000);

    expect(page.requests).toHaveLength(1);
  });

  it("never answers is given up after five seconds, and asked again", async () => {
    const telemetry = await page.loadWithYes();
    page.answer = () => new Promise(() => undefined);
    telemetry.trackEvent("e");
    await page.wait(5_000);
    expect(page.requests[0]!.init.signal!.aborted).toBe(false);
    await page.wait(5_000);
    expect(page.requests[0]!.init.signal!.aborted).toBe(true);
    await page.wait(1_000);
    expect(page.requests).toHaveLength(2);
    // Keep-alive requests share a budget with the page's own, which may be why the first one failed.
    expect(page.requests.map(({ init }) => init.keepalive)).toEqual([true, false]);
  });

  it("is not there raises nothing", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const telemetry = await page.loadWithYes();
    page.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    telemetry.trackEvent("e");
    await page.wait(60_000);
    process.off("unhandledRejection", unhandled);

    expect(page.requests.length).toBeGreaterThan(2);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("a page", () => {
  it("that is offline waits until it is online", async () => {
    const online = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    const telemetry = await page.loadWithYes();
    telemetry.trackEvent("e");
    await page.wait(60_000);
    expect(page.requests).toEqual([]);

    online.mockReturnValue(true);
    window.dispatchEvent(new Event("online"));
    await page.wait(0);
    expect(page.spans).toHaveLength(1);
  });

  it.each(["pagehide", "visibilitychange"])("that is left sends what waits: %s", async (type) => {
    vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    const telemetry = await page.loadWithYes();
    telemetry.trackUserLogin("alice");
    (type === "pagehide" ? window : document).dispatchEvent(new Event(type));

    expect(page.requests.map(({ init }) => init.keepalive)).toEqual([true]);
    expect(page.spans[0]!.attributes["user.id"]).toBe("2bd806c97f0e00af");
    await page.wait();
    expect(page.requests).toHaveLength(1);
  });

  it("that a person leaves sends what they did", async () => {
    const telemetry = await page.loadWithYes();
    telemetry.trackEvent("logout");
    telemetry.reset();

    expect(page.spans).toHaveLength(1);
  });

  it("that is left sends no more than the browser lets it", async () => {
    const telemetry = await page.loadWithYes();
    page.answer = () => new Promise(() => undefined);
    for (let number = 0; number < 500; number++) telemetry.trackEvent(`e${number}`);
    await page.wait(0);
    expect(page.requests).toHaveLength(1);
    window.dispatchEvent(new Event("pagehide"));

    const bytes = page.requests.map(({ body }) => new TextEncoder().encode(body).length);
    expect(page.requests.length).toBeGreaterThan(1);
    expect(bytes.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(60_000);
    expect(telemetry.droppedEvents()).toBe(0);
  });
});

describe("routes", () => {
  it("are recorded as they change, by whatever means, but not their queries", async () => {
    const telemetry = await page.loadWithYes();
    const stop = telemetry.trackPageViews();
    const stopAgain = telemetry.trackPageViews();
    history.pushState(null, "", "/projects/42?tab=1");
    history.replaceState(null, "", "/projects/42?tab=2#there");
    history.replaceState(null, "", "/settings");
    window.dispatchEvent(new PopStateEvent("popstate"));
    await page.wait();

    expect(page.spans.map(({ attributes }) => attributes["page.path"])).toEqual(["/", "/projects/{id}", "/settings"]);
    stop();
    stop();
    history.pushState(null, "", "/other");
    stopAgain();
    history.pushState(null, "", "/unseen");
    await page.wait();
    expect(page.spans.map(({ attributes }) => attributes["page.path"])).toHaveLength(4);
  });

  it("leave the History API as it was", async () => {
    const telemetry = await page.load();
    const before = [history.pushState, history.replaceState];
    const stop = telemetry.trackPageViews();
    expect(history.pushState).not.toBe(before[0]);
    stop();
    expect([history.pushState, history.replaceState]).toEqual(before);

    const end = telemetry.trackPageViews();
    const ours = history.pushState;
    history.pushState = function (...state): void {
      ours.apply(this, state);
    };
    const theirs = history.pushState;
    end();
    expect(history.pushState).toBe(theirs);
    history.pushState(null, "", "/works");
    expect(location.pathname).toBe("/works");
    history.pushState = before[0]!;
  });

  it("begin with the page on which the yes is given", async () => {
    history.replaceState(null, "", "/welcome");
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: "https://t.example" });
    telemetry.trackPageViews();
    await telemetry.setTelemetryEnabled(true);
    await page.wait();

    expect(page.spans.map(({ attributes }) => attributes["page.path"])).toEqual(["/welcome"]);
  });
});
