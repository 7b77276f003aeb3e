import { createHash } from "node:crypto";

import { beforeEach, describe, expect, it, vi } from "vitest";

import { pathTemplate } from "../src/path.js";
import { attributes, name } from "../src/scrub.js";
import { sha256 } from "../src/sha256.js";
import { ENDPOINT, Page, resourceOf, spansOf } from "./browser.js";

const hashed = (id: string): string => createHash("sha256").update(id).digest("hex").slice(0, 16);

describe("on the wire", () => {
  let page: Page;
  beforeEach(() => {
    page = new Page();
  });

  it("each event has the names and attributes of the former client", async () => {
    const telemetry = await page.loadWithYes();
    telemetry.trackUserLogin("alice", "acme");
    telemetry.trackPageView("https://host/projects/42/tests?q=1#h");
    telemetry.trackEvent("button_click", { button: "create_test", times: 3, ratio: 0.5, first: true });
    telemetry.identify("bob");
    telemetry.trackFeatureUsage("test_run", "created", { count: 0 });
    await page.wait();

    const consent = { "telemetry.consent.version": 2 };
    expect(page.spans.map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        "user.login",
        {
          "event.category": "user_activity",
          "event.type": "login",
          "user.id": hashed("alice"),
          "organization.id": hashed("acme"),
          ...consent,
        },
      ],
      [
        "page.view",
        {
          "event.category": "feature_usage",
          "feature.name": "page_view",
          "feature.action": "viewed",
          "page.path": "/projects/{id}/tests",
          ...consent,
        },
      ],
      [
        "button_click",
        {
          "event.category": "feature_usage",
          "feature.name": "button_click",
          "feature.action": "triggered",
          "metadata.button": "create_test",
          "metadata.times": 3,
          "metadata.ratio": 0.5,
          "metadata.first": true,
          ...consent,
        },
      ],
      [
        "feature.test_run",
        {
          "event.category": "feature_usage",
          "feature.name": "test_run",
          "feature.action": "created",
          "metadata.count": 0,
          "user.id": hashed("bob"),
          ...consent,
        },
      ],
    ]);
    const [request] = page.requests;
    expect(request!.url).toBe(`${ENDPOINT}/v1/traces`);
    expect(request!.init).toMatchObject({
      method: "POST",
      headers: { "content-type": "application/json" },
      credentials: "omit",
      keepalive: true,
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
  });

  it("the resource says which app it is", async () => {
    const telemetry = await page.load();
    telemetry.initTelemetry({
      endpoint: `${ENDPOINT}//`,
      serviceName: "shop []",
      serviceVersion: "1.2",
      deploymentType: "self-hosted" as "self_hosted",
      installationId: "i",
    });
    await telemetry.setTelemetryEnabled(true);
    telemetry.trackEvent("e");
    await page.wait();

    expect(resourceOf(page.requests[0]!.body)).toEqual({
      "service.name": "shop []",
      "service.namespace": "rhesis",
      "service.version": "1.2",
      "deployment.type": "self_hosted",
      "rhesis.installation.id": "i",
      "telemetry.sdk.language": "webjs",
      "telemetry.sdk.name": "rhesis-telemetry",
      "telemetry.sdk.version": "0.1.0",
    });
    expect(page.spans).toHaveLength(1);
    expect(page.requests[0]!.url).toBe(`${ENDPOINT}/v1/traces`);
  });

  it("the environment names endpoint and deployment where the app does not", async () => {
    vi.stubEnv("NEXT_PUBLIC_OTEL_ENDPOINT", ENDPOINT);
    vi.stubEnv("NEXT_PUBLIC_DEPLOYMENT_TYPE", "cloud");
    const telemetry = await page.load();
    telemetry.initTelemetry();
    await telemetry.setTelemetryEnabled(true);
    telemetry.trackEvent("e");
    await page.wait();
    vi.unstubAllEnvs();

    expect(resourceOf(page.requests[0]!.body)["deployment.type"]).toBe("cloud");
  });

  it("ids are the same without Web Crypto, as on plain HTTP", async () => {
    vi.spyOn(crypto, "subtle", "get").mockReturnValue(undefined as unknown as SubtleCrypto);
    const telemetry = await page.loadWithYes();
    telemetry.trackUserLogin("ärger", "acme");
    await page.wait();

    expect(page.spans[0]!.attributes).toMatchObject({
      "user.id": hashed("ärger"),
      "organization.id": hashed("acme"),
    });
  });

  it("Web Crypto hashes where it can", async () => {
    const digest = vi.spyOn(crypto.subtle, "digest");
    const telemetry = await page.loadWithYes();
    telemetry.trackUserLogin("alice");
    telemetry.trackEvent("e", {}, "alice");
    await page.wait();

    expect(digest).toHaveBeenCalled();
    expect(page.spans.map((span) => span.attributes["user.id"])).toEqual([hashed("alice"), hashed("alice")]);
  });

  it("what is shown before a yes is what would be sent, byte for byte", async () => {
    const telemetry = await page.load();
    const zero = <Bytes extends ArrayBufferView | null>(bytes: Bytes): Bytes => bytes;
    vi.spyOn(crypto, "getRandomValues").mockImplementation(zero);
    telemetry.initTelemetry({ endpoint: ENDPOINT, serviceVersion: "1" });
    const shown = telemetry.samplePayload();
    expect(page.requests).toEqual([]);

    await telemetry.setTelemetryEnabled(true);
    const [user, organization] = ["00000000-0000-4000-8000-000000000000", "example-organization"];
    telemetry.trackUserLogin(user, organization);
    telemetry.trackPageView(`/projects/${user}`, user, organization);
    telemetry.trackFeatureUsage("test_run", "created", { tests: 5 }, user, organization);
    telemetry.trackEvent("button_click", { button: "create_test" }, user, organization);
    window.dispatchEvent(new Event("pagehide"));

    expect(page.requests[0]!.body).toBe(shown);
    expect(telemetry.lastPayloads().map(({ body }) => body)).toEqual([shown]);
    expect(spansOf(shown)).toHaveLength(4);
  });

  it("the server is asked what it would store only when it is told to", async () => {
    const telemetry = await page.loadWithYes();
    const told = { stored: [{ table: "t", row: { a: 1 } }], rejected: [] };
    page.answer = () => Response.json(told);

    expect(await telemetry.previewStored("{}")).toEqual(told);
    expect(page.requests.map(({ url, body }) => [url, body])).toEqual([[`${ENDPOINT}/v1/preview`, "{}"]]);
    page.answer = () => new Response("not json");
    expect(await telemetry.previewStored("{}")).toBeUndefined();
  });

  it("nothing that an app does wrong throws", async () => {
    const telemetry = await page.loadWithYes();
    const wrong = telemetry as unknown as Record<string, (...nonsense: unknown[]) => unknown>;
    const hostile = {
      get trap(): never {
        throw new Error("trap");
      },
    };
    for (const call of ["trackEvent", "trackFeatureUsage", "trackPageView", "trackUserLogin", "identify"]) {
      for (const nonsense of [undefined, null, 1, Symbol("s"), {}, [], hostile, () => undefined, 10n]) {
        wrong[call]!(nonsense, nonsense, nonsense, nonsense);
      }
    }
    await page.wait();
    expect(page.spans.every((span) => !JSON.stringify(span).includes("[object"))).toBe(true);
  });
});

describe("a page's path", () => {
  it.each([
    ["", "/"],
    ["/", "/"],
    ["tests", "/tests"],
    ["/tests/", "/tests"],
    ["//host.example/tests", "/tests"],
    ["https://user:secret@host.example:8443/tests?email=a@b.c#x", "/tests"],
    ["/projects/5b0a8f5e-6a0d-4c5a-9d0e-00000000000a/tests", "/projects/{id}/tests"],
    ["/test_runs/42/export", "/test_runs/{id}/export"],
    ["/commits/deadbeef01", "/commits/{id}"],
    ["/o/01HZXW3V7J8K9M0N1P2Q3R4S5T", "/o/{id}"],
    ["/users/alice@example.com", "/users/{id}"],
    ["/users/alice%40example.com", "/users/{id}"],
    ["/api/v2/oauth2/behavior-metrics", "/api/v2/oauth2/behavior-metrics"],
    ["/tests;jsessionid=1", "/tests"],
    [`/t/${"a".repeat(41)}`, "/t/{id}"],
  ])("%j is %j", (page, template) => {
    expect(pathTemplate(page)).toBe(template);
  });
});

describe("metadata", () => {
  it.each([
    ["plan", "pro", "pro"],
    ["login_method", "oauth", "oauth"],
    ["author", "x", "x"],
    ["zip", 1, 1],
    ["a.b-c_d", true, true],
    ["max_tokens", 5, 5],
    ["context", "x", "x"],
  ])("keeps %s: %j", (key, value, kept) => {
    expect(attributes({ [key]: value })).toEqual({ [`metadata.${key}`]: kept });
  });

  it.each(
    "email userEmail user_emails EMAIL user-name userName username filename.name ip clientIP api_key apiPassword accessToken mypassword 1a _a a$ ä".split(
      " ",
    ),
  )("drops the key %s", (key) => {
    expect(attributes({ [key]: "x" })).toEqual({});
  });

  it.each([
    "alice@example.com",
    "to alice%40example.com",
    "Bearer abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_0123456789abcdef0123",
    "glpat-0123456789abcdef",
    "xoxb-0123456789abcdef",
    "AIzaSyA0123456789abcdef",
    "sk-proj-0123456789abcdef",
    "sk_live_0123456789abcdef",
    "rh-0123456789abcdef",
    {},
    ["a"],
    NaN,
    Infinity,
    null,
    undefined,
    10n,
  ])("drops the value %s", (value) => {
    expect(attributes({ plan: value as string })).toEqual({});
    if (typeof value === "string") expect(name(value)).toBeUndefined();
  });

  it("has at most 32 keys, and texts of at most 256 characters that the server takes", () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, index]));
    expect(Object.keys(attributes(many))).toHaveLength(32);
    expect(attributes({ a: "x".repeat(300) })["metadata.a"]).toHaveLength(256);
    expect(attributes({ a: "x".repeat(255) + "🦊" })["metadata.a"]).toBe("x".repeat(255));
    expect(attributes({ a: "a\0b\ud83dc🦊" })["metadata.a"]).toBe("abc🦊");
    expect(name("n".repeat(200))).toHaveLength(128);
  });
});

it("SHA-256 is SHA-256", () => {
  for (const length of [0, 1, 3, 54, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const text = "aß🦊"
      .repeat(length)
      .slice(0, length)
      .replace(/[\ud800-\udbff]$/, "");
    expect(sha256(text)).toBe(createHash("sha256").update(text).digest("hex"));
  }
});
