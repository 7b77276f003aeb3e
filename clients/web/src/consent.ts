import { clearChoice, isChoice, readChoice, writeChoice } from "./choice.js";
import { objects } from "./objection.js";
import { safely } from "./safely.js";

/**
 * Whether telemetry is on, and why not:
 *
 * - `unknown`: {@link initTelemetry} has not run, or the app's server has not said yet
 * - `unconfigured`: there is no endpoint
 * - `objected`: the browser objects (Global Privacy Control, Do Not Track), which wins over every choice
 * - `undecided`: the person has not chosen, or we have come to collect more since
 * - `granted`: the person said yes; only now are events recorded
 * - `denied`: the person said no
 */
export type TelemetryStatus = "unknown" | "unconfigured" | "objected" | "undecided" | "granted" | "denied";

/** A place for the choice beyond this browser, usually the app's own server. */
export interface ConsentStore {
  /** The signed-in person's choice; null where they made none, or have to be asked again. */
  loadConsent(): Promise<boolean | null>;
  /** Keep a choice; a yes counts only after this has succeeded, a no at once. */
  saveConsent(enabled: boolean): Promise<unknown>;
  /** Ask for the person's data to be erased; without it this package asks itself. */
  eraseData?(): Promise<unknown>;
}

type Decision = "unknown" | "undecided" | "granted" | "denied";

let decision: Decision = "unknown";
let configured: boolean | undefined;
let store: ConsentStore | undefined;
// The last wish is the one that counts, however late an earlier one is answered.
let wish = 0;
let asking = false;
let saving: Promise<unknown> = Promise.resolve();
const listeners = new Set<() => void>();

/** Whether telemetry is on, and why not. */
export function telemetryStatus(): TelemetryStatus {
  if (configured === undefined) return "unknown";
  if (!configured) return "unconfigured";
  return objects() ? "objected" : decision;
}

/** Call `listener` after each change of {@link telemetryStatus}; returns what ends that. */
export function onTelemetryStatus(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Begin to know the choice. */
export function startConsent(isConfigured: boolean, elsewhere: ConsentStore | undefined): void {
  configured = isConfigured;
  store = elsewhere;
  if (!isConfigured) return decide("undecided");
  addEventListener("storage", (event) => {
    if (!isChoice(event.key)) return;
    // Another tab's choice, above all its no, is this one's too.
    wish++;
    if (store && readChoice()?.enabled !== false) loadConsent();
    else decide(combined(null));
  });
  loadConsent();
}

/** Learn the choice anew: another person may have signed in. */
export function loadConsent(): void {
  if (!configured) return;
  if (!store) return decide(combined(null));
  const asked = ++wish;
  decide("unknown", true);
  const answer = (next: Decision): void => {
    if (asked === wish) decide(next);
  };
  Promise.resolve(store)
    .then((elsewhere) => elsewhere.loadConsent())
    .then(
      (enabled) => answer(combined(enabled)),
      // Whoever isn't signed in has no choice there; it stays unknown, and that is off.
      () => answer("unknown"),
    );
}

/** Whether the app's server is being asked for the choice. */
export function isConsentAsked(): boolean {
  return asking && telemetryStatus() === "unknown";
}

/** Nobody is signed in any more: a choice that is kept elsewhere was theirs. */
export function leaveConsent(): void {
  if (!store) return;
  wish++;
  decide("unknown");
}

/**
 * Turn telemetry on or off. A no takes effect at once, and whatever was waiting to be sent is discarded. A yes takes
 * effect when it is kept, and none where the browser objects or there is no endpoint.
 *
 * @returns Whether the choice was kept everywhere it belongs; never rejects.
 */
export async function setTelemetryEnabled(enabled: boolean): Promise<boolean> {
  if (enabled && (!configured || objects())) return false;
  const asked = ++wish;
  if (!enabled || !store) settle(enabled);
  try {
    const saved = saving.then(() => store?.saveConsent(enabled));
    saving = saved.catch(() => undefined);
    await saved;
    if (asked === wish) {
      settle(enabled);
      // Here it was noticed by the other tabs; whoever uses this browser next has a choice of their own.
      if (store) clearChoice();
    }
    return true;
  } catch {
    // The wish may have overtaken the question what was chosen before.
    if (asked === wish && decision === "unknown") loadConsent();
    return false;
  }
}

/** Whether events are recorded: a person said yes, and nothing stands over it. */
export function isTelemetryEnabled(): boolean {
  return safely(telemetryStatus) === "granted";
}

function settle(enabled: boolean): void {
  writeChoice(enabled);
  decide(enabled ? "granted" : "denied");
}

/**
 * The choice here and the one elsewhere, of which any no wins. Where choices are kept elsewhere, a yes here may be another
 * person's, and a no is one that could not be kept there yet.
 */
function combined(elsewhere: boolean | null): Decision {
  const here = readChoice();
  if (here?.enabled === false || elsewhere === false) return "denied";
  return (store ? elsewhere : here?.current) ? "granted" : "undecided";
}

function decide(next: Decision, stillAsking = false): void {
  if (next === decision && stillAsking === asking) return;
  decision = next;
  asking = stillAsking;
  for (const listener of listeners) safely(listener);
}
