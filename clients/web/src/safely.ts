/** Run `work` so that no fault of ours reaches the app: telemetry is never worth an error. */
export function safely<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
