import { TelemetrySettings } from "@rhesis/telemetry/mui";

export default function Page() {
  return <TelemetrySettings />;
}
