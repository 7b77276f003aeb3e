import { TelemetrySettings, useTelemetry } from "@rhesis/telemetry/react";
import { type SyntheticEvent, useEffect, useState } from "react";

import { type Account, ask, type TestRun } from "./api";
import { Link } from "./route";

/** A form that asks for a name. */
export function NameForm(props: { label: string; action: string; submit: (name: string) => Promise<void> }) {
  const [name, setName] = useState("");
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    await props.submit(name);
    setName("");
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <label>
        {props.label}
        <input required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <button>{props.action}</button>
    </form>
  );
}

/** All test runs, and a form for one more. */
export function TestRuns() {
  const [runs, setRuns] = useState<readonly TestRun[]>([]);
  const [byName, setByName] = useState(false);
  const { trackFeatureUsage } = useTelemetry();
  useEffect(() => {
    void ask<TestRun[]>("GET", "test_runs").then(setRuns);
  }, []);

  const sort = () => {
    setByName(!byName);
    // The backend learns nothing of this, so the frontend records it.
    trackFeatureUsage("test_run_list", "sorted", { by_name: !byName });
  };
  const shown = byName ? runs.toSorted((one, other) => one.name.localeCompare(other.name)) : runs;
  return (
    <>
      <h1>Test runs</h1>
      <NameForm
        label="Name"
        action="Run tests"
        submit={async (name) => setRuns([...runs, await ask<TestRun>("POST", "test_runs", { name })])}
      />
      <button aria-pressed={byName} onClick={sort}>
        Sort by name
      </button>
      <ul>
        {shown.map(({ id, name, tests, passed }) => (
          <li key={id}>
            <Link to={`/test_runs/${id}`}>{name}</Link>: {passed} of {tests} passed
          </li>
        ))}
      </ul>
    </>
  );
}

/** One test run. Telemetry has its page as `/test_runs/{id}`. */
export function OneTestRun({ id }: { id: string }) {
  const [run, setRun] = useState<TestRun>();
  useEffect(() => {
    void ask<TestRun>("GET", `test_runs/${id}`).then(setRun);
  }, [id]);
  if (!run) return null;
  return (
    <>
      <h1>{run.name}</h1>
      <p>
        {run.passed} of {run.tests} tests passed.
      </p>
    </>
  );
}

/** What a person may set, telemetry included. */
export function Settings({ account, changed }: { account: Account; changed: (account: Account) => void }) {
  const set = async (tests_per_run: number) => {
    changed({ ...account, ...(await ask<Partial<Account>>("PUT", "settings", { tests_per_run })) });
  };
  return (
    <>
      <h1>Settings</h1>
      <label>
        Tests per run
        <select value={account.tests_per_run} onChange={(event) => void set(Number(event.target.value))}>
          {[5, 10, 50].map((number) => (
            <option key={number}>{number}</option>
          ))}
        </select>
      </label>
      <TelemetrySettings />
    </>
  );
}
