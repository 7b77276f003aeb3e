import { isTelemetryEnabled, onTelemetryStatus } from "./consent.js";
import { safely } from "./safely.js";
import { trackPageView } from "./telemetry.js";

let watching = 0;
let restore: (() => void) | undefined;
let last: string | undefined;

/**
 * Record a page view now and at each change of the route, as single-page apps make them with the History API. A change
 * of only the query or the fragment is none.
 *
 * @returns What ends it and leaves the History API as it was.
 */
export function trackPageViews(): () => void {
  if (typeof window === "undefined") return () => undefined;
  if (!watching++) restore = watch();
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    if (!--watching) restore?.();
  };
}

function watch(): () => void {
  const ends = [wrap("pushState"), wrap("replaceState"), onTelemetryStatus(view)];
  addEventListener("popstate", view);
  view();
  return () => {
    removeEventListener("popstate", view);
    for (const end of ends) end();
    last = undefined;
  };
}

function wrap(method: "pushState" | "replaceState"): () => void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the history that it is called on
  const original = history[method];
  let active = true;
  function wrapped(this: History, ...state: Parameters<typeof original>): void {
    original.apply(this, state);
    if (active) view();
  }
  history[method] = wrapped;
  return () => {
    active = false;
    // Whoever wrapped it after us keeps their wrapper, and calls through ours.
    if (history[method] === wrapped) history[method] = original;
  };
}

function view(): void {
  safely(() => {
    // The page on which the yes is given is the first that is seen.
    if (!isTelemetryEnabled() || location.pathname === last) return;
    last = location.pathname;
    trackPageView(last);
  });
}
