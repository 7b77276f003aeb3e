"use client";

export { TelemetryOptInDialog } from "./dialog.js";
export { TelemetrySettings } from "./settings.js";
