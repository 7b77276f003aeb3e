"use client";

import { createContext, type ReactNode, useContext, useEffect, useLayoutEffect, useMemo } from "react";

import type { TelemetryOptions } from "../options.js";
import { trackPageViews } from "../pages.js";
import { identify, initTelemetry, reset } from "../telemetry.js";
import { englishMessages, type TelemetryMessages } from "./messages.js";

/** What {@link TelemetryProvider} takes, beside the options of `initTelemetry`. */
export interface TelemetryProviderProps extends TelemetryOptions {
  /** Who is signed in; nobody where it is missing. */
  readonly userId?: string | null | undefined;
  /** Their organization. */
  readonly organizationId?: string | null | undefined;
  /** Whether each page is recorded as it is opened. Default: true. */
  readonly pageViews?: boolean | undefined;
  /** Words other than {@link englishMessages}. */
  readonly messages?: Partial<TelemetryMessages> | undefined;
  readonly children?: ReactNode;
}

const Messages = createContext<TelemetryMessages>(englishMessages);

// A child's effects run before its parents', but after all layout effects: so they find telemetry set up. Servers have none.
const useEarlyEffect = typeof window === "undefined" ? useEffect : useLayoutEffect;

/**
 * Sets telemetry up for the app in it, once: changing the options later does nothing, changing who is signed in does.
 *
 * @example
 * <TelemetryProvider endpoint="https://telemetry.example.com" userId={user?.id}>
 *   <App />
 *   <TelemetryOptInDialog />
 * </TelemetryProvider>
 */
export function TelemetryProvider(props: TelemetryProviderProps): ReactNode {
  const { userId, organizationId, pageViews = true, messages, children, ...options } = props;
  const words = useMemo(() => ({ ...englishMessages, ...messages }), [messages]);

  useEarlyEffect(() => initTelemetry(options), []);
  useEarlyEffect(() => {
    if (!userId) return undefined;
    identify(userId, organizationId ?? undefined);
    return undefined;
  }, [userId, organizationId]);
  useEarlyEffect(() => (userId ? reset : undefined), [userId]);
  useEarlyEffect(() => (pageViews ? trackPageViews() : undefined), [pageViews]);

  return <Messages.Provider value={words}>{children}</Messages.Provider>;
}

/** The words that components say: the provider's, and over them those that are given. */
export function useMessages(given?: Partial<TelemetryMessages>): TelemetryMessages {
  const words = useContext(Messages);
  return useMemo(() => ({ ...words, ...given }), [words, given]);
}
