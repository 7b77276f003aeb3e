import type { ConsentStore } from "./consent.js";
import { CONTRACT_VERSION } from "./contract.js";

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
    loadConsent: async () => {
      const choice = await ask("GET", "choice");
      // Who agreed to less than is collected here is asked again.
      const isAgreed = choice.telemetry_enabled === true && Number(choice.contract_version) >= CONTRACT_VERSION;
      return isAgreed || (choice.telemetry_enabled === false ? false : null);
    },
    saveConsent: (enabled) => ask("PUT", enabled ? "enable" : "disable"),
    eraseData: () => ask("DELETE", "data"),
  };
}
