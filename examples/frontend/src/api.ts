/** Who is logged in. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly organization_id: string;
  readonly tests_per_run: number;
  readonly telemetry_endpoint: string;
}

/** Tests that were run, and how many of them passed. */
export interface TestRun {
  readonly id: string;
  readonly name: string;
  readonly tests: number;
  readonly passed: number;
}

/** Ask the backend. */
export async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`/api/${path}`, {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: status ${response.status}`);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}
