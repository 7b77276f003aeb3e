import { createHash } from "node:crypto";

import { beforeEach, describe, expect, it, vi } from "vitest";

import type { ConsentStore } from "../src/index.js";
import { ENDPOINT, KEY, Page } from "./browser.js";

let page: Page;
beforeEach(() => {
  page = new Page();
});

function objecting(sign: object): void {
  for (const [name, value] of Object.entries(sign)) {
    Object.defineProperty(navigator, name, { value, configurable: true });
  }
}
beforeEach(() => objecting({ globalPrivacyControl: undefined, doNotTrack: undefined }));

describe("before a yes", () => {
  it("nothing is hashed, timed, stored or sent", async () => {
    const digest = vi.spyOn(crypto.subtle, "digest");
    const random = vi.spyOn(crypto, "getRandomValues");
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT });
    telemetry.identify("alice", "acme");
    telemetry.trackPageViews();
    telemetry.trackPageView("/a");
    telemetry.trackEvent("e");
    telemetry.trackFeatureUsage("f", "used");
    telemetry.trackUserLogin("alice");
    window.dispatchEvent(new Event("pagehide"));

    expect(vi.getTimerCount()).toBe(0);
    await page.wait(100_000);
    expect(page.requests).toEqual([]);
    expect(digest).not.toHaveBeenCalled();
    expect(random).not.toHaveBeenCalled();
    expect(localStorage.length).toBe(0);
    expect(telemetry.telemetryStatus()).toBe("undecided");
  });

  it("there is no timer after a no either, and only the choice is kept", async () => {
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT });
    await telemetry.setTelemetryEnabled(false);
    telemetry.trackEvent("e");

    expect(vi.getTimerCount()).toBe(0);
    expect(telemetry.telemetryStatus()).toBe("denied");
    expect(localStorage.length).toBe(1);
    expect(localStorage.getItem(KEY)).toBe(JSON.stringify({ enabled: false, version: 2 }));
  });
});

describe("the choice", () => {
  it("takes effect at once, and is there again when the page is", async () => {
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT });
    void telemetry.setTelemetryEnabled(true);
    expect(telemetry.isTelemetryEnabled()).toBe(true);

    vi.resetModules();
    const again = await page.load();
    again.initTelemetry({ endpoint: ENDPOINT });
    expect(again.telemetryStatus()).toBe("granted");
  });

  it.each([
    [{ enabled: true, version: 1 }, "undecided"],
    [{ enabled: true, version: 2 }, "granted"],
    [{ enabled: true, version: 3 }, "granted"],
    [{ enabled: true }, "undecided"],
    [{ enabled: false, version: 1 }, "denied"],
    [{ enabled: "yes", version: 2 }, "undecided"],
    ["nonsense", "undecided"],
    [null, "undecided"],
  ])("is bound to what was agreed to: %j is %s", async (stored, status) => {
    const telemetry = await page.load();
    localStorage.setItem(KEY, JSON.stringify(stored));
    telemetry.initTelemetry({ endpoint: ENDPOINT });

    expect(telemetry.telemetryStatus()).toBe(status);
  });

  it("lasts as long as the page where storage is closed", async () => {
    const closed = (): never => {
      throw new DOMException("denied", "SecurityError");
    };
    vi.stubGlobal("localStorage", { getItem: closed, setItem: closed });
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT });
    await telemetry.setTelemetryEnabled(true);

    expect(telemetry.telemetryStatus()).toBe("granted");
  });

  it("a no discards what waits and cuts off what is on its way", async () => {
    const telemetry = await page.loadWithYes();
    page.answer = () => new Promise(() => undefined);
    telemetry.trackEvent("first");
    await page.wait();
    telemetry.trackEvent("second");
    void telemetry.setTelemetryEnabled(false);

    expect(page.requests[0]!.init.signal!.aborted).toBe(true);
    expect(telemetry.lastPayloads()).toEqual([]);
    await telemetry.setTelemetryEnabled(true);
    await page.wait(200_000);
    expect(page.requests).toHaveLength(1);
  });

  it("is that of another tab, too", async () => {
    const telemetry = await page.loadWithYes();
    telemetry.trackEvent("e");
    localStorage.setItem(KEY, JSON.stringify({ enabled: false, version: 2 }));
    window.dispatchEvent(new StorageEvent("storage", { key: KEY }));

    expect(telemetry.telemetryStatus()).toBe("denied");
    await page.wait();
    expect(page.requests).toEqual([]);
  });

  it("needs an endpoint", async () => {
    const telemetry = await page.load();
    const changed = vi.fn();
    telemetry.onTelemetryStatus(changed);
    telemetry.initTelemetry();

    expect(telemetry.telemetryStatus()).toBe("unconfigured");
    expect(changed).toHaveBeenCalled();
    expect(await telemetry.setTelemetryEnabled(true)).toBe(false);
  });
});

describe.each([{ globalPrivacyControl: true }, { doNotTrack: "1" }, { doNotTrack: "yes" }])(
  "a browser with %j",
  (sign) => {
    it("is off, whatever was chosen, and can't be turned on", async () => {
      objecting(sign);
      const telemetry = await page.loadWithYes();
      telemetry.trackEvent("e");

      expect(telemetry.telemetryStatus()).toBe("objected");
      expect(await telemetry.setTelemetryEnabled(true)).toBe(false);
      expect(vi.getTimerCount()).toBe(0);
    });

    it("may begin to object while events wait", async () => {
      const telemetry = await page.loadWithYes();
      telemetry.trackEvent("e");
      objecting(sign);
      await page.wait();
      expect(page.requests).toEqual([]);

      objecting({ globalPrivacyControl: undefined, doNotTrack: undefined });
      telemetry.trackEvent("e");
      objecting(sign);
      telemetry.trackEvent("e");
      expect(vi.getTimerCount()).toBe(0);
    });

    it("can still ask for erasure", async () => {
      objecting(sign);
      const telemetry = await page.loadWithYes();

      expect(await telemetry.requestErasure("alice")).toBe(true);
      expect(page.spans.map(({ name }) => name)).toEqual(["erasure.request"]);
    });
  },
);

describe("a choice that the app's server keeps", () => {
  class Server implements ConsentStore {
    saved: boolean[] = [];
    constructor(
      public choice: boolean | null | Error,
      public fails = false,
    ) {}
    loadConsent(): Promise<boolean | null> {
      return this.choice instanceof Error ? Promise.reject(this.choice) : Promise.resolve(this.choice);
    }
    saveConsent(enabled: boolean): Promise<void> {
      if (this.fails) return Promise.reject(new Error("away"));
      this.saved.push(enabled);
      return Promise.resolve();
    }
  }

  it.each([
    [true, undefined, "granted"],
    [true, { enabled: true, version: 2 }, "granted"],
    [true, { enabled: true, version: 1 }, "granted"],
    [true, { enabled: false, version: 2 }, "denied"],
    [false, undefined, "denied"],
    [null, undefined, "undecided"],
    [false, { enabled: true, version: 2 }, "denied"],
    [null, { enabled: true, version: 2 }, "undecided"],
    [null, { enabled: false, version: 2 }, "denied"],
    [new Error("401"), { enabled: true, version: 2 }, "unknown"],
  ])("is %j there and %j here: %s", async (there, here, status) => {
    const telemetry = await page.load();
    if (here) localStorage.setItem(KEY, JSON.stringify(here));
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: new Server(there) });
    expect(telemetry.telemetryStatus()).toBe("unknown");
    await page.wait(0);

    expect(telemetry.telemetryStatus()).toBe(status);
  });

  it("holds what happens while it is asked, and records it after a yes alone", async () => {
    const server = new Server(true);
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: server });
    telemetry.identify("alice");
    telemetry.trackUserLogin("alice");
    expect(vi.getTimerCount()).toBe(0);
    await page.wait();
    expect(page.spans.map(({ name }) => name)).toEqual(["user.login"]);

    server.choice = null;
    telemetry.reset();
    expect(telemetry.telemetryStatus()).toBe("unknown");
    telemetry.trackEvent("nobody's");
    telemetry.identify("bob");
    telemetry.trackUserLogin("bob");
    await page.wait();
    expect(page.spans).toHaveLength(1);
  });

  it("a yes counts when it is kept, a no at once", async () => {
    const server = new Server(null, true);
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: server });
    await page.wait(0);
    expect(await telemetry.setTelemetryEnabled(true)).toBe(false);
    expect(telemetry.telemetryStatus()).toBe("undecided");

    server.fails = false;
    expect(await telemetry.setTelemetryEnabled(true)).toBe(true);
    expect(telemetry.telemetryStatus()).toBe("granted");

    server.fails = true;
    const no = telemetry.setTelemetryEnabled(false);
    expect(telemetry.telemetryStatus()).toBe("denied");
    expect(await no).toBe(false);
    expect(telemetry.telemetryStatus()).toBe("denied");
  });

  it("is each person's own in a browser that several use", async () => {
    const server = new Server(null);
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: server });
    for (const [person, wish] of [
      ["alice", true],
      ["bob", false],
      ["carol", true],
    ] as const) {
      telemetry.identify(person);
      await page.wait(0);
      expect(telemetry.telemetryStatus()).toBe("undecided");
      await telemetry.setTelemetryEnabled(wish);
      expect(telemetry.isTelemetryEnabled()).toBe(wish);
      telemetry.reset();
    }

    expect(server.saved).toEqual([true, false, true]);
    expect(localStorage).toHaveLength(0);
  });

  it("stays a no when the server could not keep it", async () => {
    const server = new Server(true, true);
    const before = await page.load();
    before.initTelemetry({ endpoint: ENDPOINT, consent: server });
    await page.wait(0);
    await before.setTelemetryEnabled(false);
    vi.resetModules();
    const after = await page.load();
    after.initTelemetry({ endpoint: ENDPOINT, consent: server });
    await page.wait(0);

    expect(after.telemetryStatus()).toBe("denied");
    server.fails = false;
    await after.setTelemetryEnabled(true);
    expect(after.telemetryStatus()).toBe("granted");
  });

  it("is asked for again when another tab made one", async () => {
    const server = new Server(null);
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: server });
    await page.wait(0);
    server.choice = true;
    window.dispatchEvent(new StorageEvent("storage", { key: KEY }));
    await page.wait(0);

    expect(telemetry.telemetryStatus()).toBe("granted");
  });

  it("the last wish counts, however late an earlier one is answered", async () => {
    const saves: (() => void)[] = [];
    const server = new Server(null);
    server.saveConsent = () => new Promise<void>((resolve) => saves.push(resolve));
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: server });
    await page.wait(0);
    const yes = telemetry.setTelemetryEnabled(true);
    const no = telemetry.setTelemetryEnabled(false);
    await page.wait(0);
    saves[0]!();
    await yes;

    expect(telemetry.telemetryStatus()).toBe("denied");
    await page.wait(0);
    expect(saves).toHaveLength(2);
    saves[1]!();
    await no;
    expect(telemetry.telemetryStatus()).toBe("denied");
  });

  it("another tab's no counts more than a yes that is still being saved", async () => {
    let saved: () => void = () => undefined;
    const server = new Server(null);
    server.saveConsent = () => new Promise<void>((resolve) => (saved = resolve));
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: server });
    await page.wait(0);
    const yes = telemetry.setTelemetryEnabled(true);
    await page.wait(0);
    localStorage.setItem(KEY, JSON.stringify({ enabled: false, version: 2 }));
    window.dispatchEvent(new StorageEvent("storage", { key: KEY }));
    saved();
    await yes;

    expect(telemetry.telemetryStatus()).toBe("denied");
  });

  it.each(["reset", "identify"] as const)("an answer about somebody who left is not heard: %s", async (left) => {
    const answers: ((enabled: boolean) => void)[] = [];
    const server = new Server(null);
    server.loadConsent = () => new Promise<boolean>((resolve) => answers.push(resolve));
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: server });
    telemetry.identify("alice");
    await page.wait(0);
    if (left === "reset") telemetry.reset();
    else telemetry.identify("bob");
    await page.wait(0);
    answers[1]!(true);
    await page.wait(0);

    expect(telemetry.telemetryStatus()).toBe("unknown");
  });

  it("is asked about each person once", async () => {
    const server = new Server(true);
    const load = vi.spyOn(server, "loadConsent");
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, consent: server });
    for (let number = 0; number < 40; number++) telemetry.trackEvent(`e${number}`);
    telemetry.identify("alice");
    telemetry.identify("alice", "acme");
    await page.wait(0);
    expect(load).toHaveBeenCalledTimes(2);

    // What happened before it was known who is there counts, but no more than 32 events of it.
    await page.wait();
    expect(page.spans).toHaveLength(32);
  });
});

it("speaks the router's words", async () => {
  const asked: string[] = [];
  page.answer = ({ url, init }) => {
    asked.push(`${init.method ?? ""} ${url} ${JSON.stringify(init.headers)}`);
    return Response.json({ telemetry_enabled: true, contract_version: 2 });
  };
  const { backendConsent } = await page.load();
  const store = backendConsent("/backend", () => ({ headers: { a: "b" } }));

  expect(await store.loadConsent()).toBe(true);
  await store.saveConsent(true);
  await store.saveConsent(false);
  await store.eraseData!();
  expect(asked).toEqual(
    ["GET choice", "PUT enable", "PUT disable", "DELETE data"].map((one) => {
      const [method, path] = one.split(" ") as [string, string];
      return `${method} /backend/api/users/telemetry/${path} {"a":"b"}`;
    }),
  );
  for (const [telemetry_enabled, contract_version, choice] of [
    [true, 1, null],
    [null, 2, null],
    [false, 2, false],
    [false, 1, false],
  ] as const) {
    page.answer = () => Response.json({ telemetry_enabled, contract_version });
    expect(await store.loadConsent()).toBe(choice);
  }
  page.answer = () => new Response("", { status: 401 });
  await expect(store.loadConsent()).rejects.toThrow("401");
});

describe("an erasure request", () => {
  const hashed = createHash("sha256").update("alice").digest("hex").slice(0, 16);

  it("goes out after a no, with the pseudonym and nothing more about anybody", async () => {
    const telemetry = await page.load();
    telemetry.initTelemetry({ endpoint: ENDPOINT, installationId: "0f8fad5b" });
    telemetry.identify("alice", "acme");
    await telemetry.setTelemetryEnabled(false);

    expect(await telemetry.requestErasure()).toBe(true);
    const [span] = page.spans;
    expect(span!.attributes).toEqual({
      "event.category": "erasure_request",
      "user.id": hashed,
      "telemetry.consent.version": 2,
    });
    expect(page.requests[0]!.body).not.toContain("0f8fad5b");
  });

  it("is tried again, the same one, and tells when it failed", async () => {
    const telemetry = await page.loadWithYes();
    page.answer = () => new Response("", { status: 503, headers: { "retry-after": "2" } });
    const asked = telemetry.requestErasure("alice");
    await page.wait(30_000);

    expect(await asked).toBe(false);
    expect(page.requests).toHaveLength(3);
    expect(new Set(page.requests.map(({ body }) => body)).size).toBe(1);
  });

  it("was not received if it was rejected", async () => {
    const telemetry = await page.loadWithYes();
    page.answer = () => Response.json({ partialSuccess: { rejectedSpans: "1" } });

    expect(await telemetry.requestErasure("alice")).toBe(false);
    expect(await telemetry.requestErasure()).toBe(false);
  });

  it("discards what waits", async () => {
    const telemetry = await page.loadWithYes();
    telemetry.trackEvent("e");
    await telemetry.requestErasure("alice");
    await page.wait();

    expect(page.spans.map(({ name }) => name)).toEqual(["erasure.request"]);
  });

  it("is the app's server's, where that has a way", async () => {
    const eraseData = vi.fn(() => Promise.resolve());
    const telemetry = await page.loadWithYes({
      loadConsent: () => Promise.resolve(true),
      saveConsent: () => Promise.resolve(),
      eraseData,
    });

    expect(await telemetry.requestErasure()).toBe(true);
    expect(eraseData).toHaveBeenCalledOnce();
    expect(page.requests).toEqual([]);
  });
});
