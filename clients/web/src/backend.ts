import type { ConsentStore } from "./consent.js";

const TIMEOUT_MS = 5_000;

/**
 * Keep the choice with the backend, as the router of the Python client `rhesis-telemetry` has it under
 * `/api/users/telemetry`.
 *
 * @param url - Where the backend is; default: the page's own origin.
 * @param init - Options of each request, such as headers that say who is signed in.
 *
 * @example
 * initTelemetry({ consent: backendConsent("", () => ({ headers: { authorization: `Bearer ${token()}` } })) });
 */
export function backendConsent(url = "", init: () => RequestInit | Promise<RequestInit> = () => ({})): ConsentStore {
  const ask = async (method: string, path: string): Promise<Record<string, unknown>> => {
    const aborted = new AbortController();
    const timeout = setTimeout(() => aborted.abort(), TIMEOUT_MS);
    try {
      const options = { ...(await init()), method, signal: aborted.signal };
      const response = await fetch(`${url}/api/users/telemetry/${path}`, options);
      if (!response.ok) throw new Error(`${method} ${path}: status ${response.status}`);
      return (await response.json()) as Record<string, unknown>;
    } finally {
      clearTimeout(timeout);
    }
  };
  return {
    // The router says false both to who said no and to who was never asked.
    loadConsent: async () => (await ask("GET", "status")).telemetry_enabled === true || null,
    saveConsent: (enabled) => ask("PUT", enabled ? "enable" : "disable"),
    eraseData: () => ask("DELETE", "data"),
  };
}
