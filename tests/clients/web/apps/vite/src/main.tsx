import "@rhesis/telemetry/styles.css";

import { TelemetryOptInDialog, TelemetryProvider, TelemetrySettings, useTelemetry } from "@rhesis/telemetry/react";
import { createRoot } from "react-dom/client";

function Product() {
  const { trackFeatureUsage } = useTelemetry();
  return <button onClick={() => trackFeatureUsage("from_vite", "used")}>Use it</button>;
}

createRoot(document.getElementById("root")!).render(
  <TelemetryProvider endpoint={import.meta.env.VITE_OTEL_ENDPOINT} userId="alice">
    <Product />
    <TelemetrySettings />
    <TelemetryOptInDialog />
  </TelemetryProvider>,
);
