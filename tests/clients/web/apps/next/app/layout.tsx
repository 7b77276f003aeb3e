import "@rhesis/telemetry/styles.css";

import { TelemetryOptInDialog, TelemetryProvider } from "@rhesis/telemetry/react";
import type { ReactNode } from "react";

export const metadata = { title: "A Next.js app", icons: "data:," };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <TelemetryProvider userId="alice">
          {children}
          <TelemetryOptInDialog />
        </TelemetryProvider>
      </body>
    </html>
  );
}
