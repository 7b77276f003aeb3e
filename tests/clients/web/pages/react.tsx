import { lastPayloads } from "@rhesis/telemetry";
import * as material from "@rhesis/telemetry/mui";
import * as plain from "@rhesis/telemetry/react";
import { TelemetryProvider, useTelemetry } from "@rhesis/telemetry/react";
import { CssBaseline } from "@mui/material";
import { createTheme, ThemeProvider } from "@mui/material/styles";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const asked = new URLSearchParams(location.search);
const { TelemetryOptInDialog, TelemetrySettings } = asked.get("look") === "mui" ? material : plain;

function App() {
  const [userId, setUserId] = useState(asked.get("user"));
  return (
    <TelemetryProvider
      endpoint={asked.get("endpoint") ?? ""}
      deploymentType="self_hosted"
      serviceVersion="1.2.3"
      userId={userId}
      organizationId={userId && "acme"}
    >
      <Actions signIn={setUserId} />
      <TelemetrySettings />
      <TelemetryOptInDialog />
    </TelemetryProvider>
  );
}

function Actions({ signIn }: { signIn: (userId: string) => void }) {
  const { status, trackEvent, trackFeatureUsage, trackUserLogin } = useTelemetry();
  return (
    <header data-status={status}>
      <h1>Product</h1>
      <button
        onClick={() => {
          signIn("alice");
          trackUserLogin("alice", "acme");
        }}
      >
        Sign in
      </button>
      <button onClick={() => trackFeatureUsage("test_run", "created", { tests: 5, email: "alice@example.com" })}>
        Create
      </button>
      <button onClick={() => history.pushState(null, "", `/projects/42?${asked.toString()}`)}>Open a project</button>
      <button
        onClick={() => {
          trackEvent("left");
          location.href = "about:blank";
        }}
      >
        Leave
      </button>
    </header>
  );
}

Object.assign(window, { sentBodies: () => lastPayloads().map(({ body }) => body) });
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    {asked.get("look") === "mui" ? (
      <ThemeProvider theme={createTheme({ colorSchemes: { dark: true } })}>
        <CssBaseline />
        <main style={{ padding: 24, maxWidth: 720 }}>
          <App />
        </main>
      </ThemeProvider>
    ) : (
      <main>
        <App />
      </main>
    )}
  </StrictMode>,
);
