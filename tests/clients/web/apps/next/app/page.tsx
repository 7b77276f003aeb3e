import { isTelemetryEnabled, trackEvent } from "@rhesis/telemetry";
import { TelemetrySettings } from "@rhesis/telemetry/react";

import { Product } from "./product";

export const dynamic = "force-dynamic";

export default function Page() {
  // On the server the functions are there, and do nothing.
  trackEvent("on_the_server");
  return (
    <main data-on-server={isTelemetryEnabled() ? "on" : "off"}>
      <Product />
      <TelemetrySettings />
    </main>
  );
}
