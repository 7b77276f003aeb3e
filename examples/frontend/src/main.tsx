import "@rhesis/telemetry/styles.css";
import "./style.css";

import { backendConsent } from "@rhesis/telemetry";
import { TelemetryOptInDialog, TelemetryProvider } from "@rhesis/telemetry/react";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { type Account, ask } from "./api";
import { Link, useRoute } from "./route";
import { NameForm, OneTestRun, Settings, TestRuns } from "./pages";

const consent = backendConsent();

function App() {
  const [account, setAccount] = useState<Account | null>();
  useEffect(() => {
    void ask<Account | null>("GET", "account").then(setAccount);
  }, []);

  if (account === undefined) return null;
  if (account === null) return <LogIn done={setAccount} />;
  return (
    <TelemetryProvider
      endpoint={account.telemetry_endpoint}
      deploymentType="self_hosted"
      serviceName="example-frontend"
      consent={consent}
      userId={account.id}
      organizationId={account.organization_id}
    >
      <Product account={account} changed={setAccount} />
      <TelemetryOptInDialog />
    </TelemetryProvider>
  );
}

function LogIn({ done }: { done: (account: Account) => void }) {
  return (
    <main>
      <h1>Example</h1>
      <p>Any name will do; a new one gets an account.</p>
      <NameForm
        label="Your name"
        action="Log in"
        submit={async (name) => done(await ask<Account>("POST", "login", { name }))}
      />
    </main>
  );
}

function Product({ account, changed }: { account: Account; changed: (account: Account | null) => void }) {
  const route = useRoute();
  const testRun = /^\/test_runs\/([^/]+)$/.exec(route)?.[1];
  const logOut = async () => {
    await ask("POST", "logout");
    changed(null);
  };
  return (
    <>
      <nav>
        <Link to="/">Test runs</Link>
        <Link to="/settings">Settings</Link>
        <span>{account.name}</span>
        <button onClick={() => void logOut()}>Log out</button>
      </nav>
      <main>
        {testRun ? (
          <OneTestRun id={testRun} />
        ) : route === "/settings" ? (
          <Settings account={account} changed={changed} />
        ) : (
          <TestRuns />
        )}
      </main>
    </>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
