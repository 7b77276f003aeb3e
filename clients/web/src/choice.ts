import { CONTRACT_VERSION } from "./contract.js";

const KEY = "rhesis.telemetry.consent";

/** What a person chose in this browser, and whether that was about what is collected now. */
export interface Choice {
  readonly enabled: boolean;
  /** A yes to less than is collected now is none: the person is asked again. A no stays one. */
  readonly current: boolean;
}

/** Whether a change of storage may be one of the choice; null stands for all of it. */
export function isChoice(key: string | null): boolean {
  return key === null || key === KEY;
}

/** Read the choice; undefined where there is none, or where storage is closed to us. */
export function readChoice(): Choice | undefined {
  try {
    const { enabled, version } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, unknown>;
    if (typeof enabled !== "boolean") return undefined;
    return { enabled, current: !enabled || Number(version) >= CONTRACT_VERSION };
  } catch {
    return undefined;
  }
}

/** Keep the choice with the version that it is about; where storage is closed, it lasts as long as the page. */
export function writeChoice(enabled: boolean): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ enabled, version: CONTRACT_VERSION }));
  } catch {
    return;
  }
}

/** Forget the choice here. */
export function clearChoice(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    return;
  }
}
