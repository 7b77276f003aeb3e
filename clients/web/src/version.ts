/** What this package calls itself in what it sends. */
export const SDK_NAME = "rhesis-telemetry";

/** This package's version, as package.json has it. */
export const SDK_VERSION = "0.1.0";
