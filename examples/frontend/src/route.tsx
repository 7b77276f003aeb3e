import { type MouseEvent, type ReactNode, useSyncExternalStore } from "react";

/** The path of the page that is shown. */
export function useRoute(): string {
  return useSyncExternalStore(
    (changed) => {
      addEventListener("popstate", changed);
      return () => removeEventListener("popstate", changed);
    },
    () => location.pathname,
  );
}

/** A link to another page of the app. */
export function Link({ to, children }: { to: string; children: ReactNode }) {
  const go = (event: MouseEvent) => {
    event.preventDefault();
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  };
  return (
    <a href={to} onClick={go}>
      {children}
    </a>
  );
}
