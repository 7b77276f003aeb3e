"use client";

export { TelemetryOptInDialog, type TelemetryOptInDialogProps } from "./dialog.js";
export {
  type StoredPreviewRequest,
  type Telemetry,
  type TelemetryConsent,
  type TelemetryErasure,
  type TelemetryOptIn,
  type TelemetryPayloads,
  useStoredPreview,
  useTelemetry,
  useTelemetryConsent,
  useTelemetryErasure,
  useTelemetryOptIn,
  useTelemetryPayloads,
} from "./hooks.js";
export { englishMessages, type TelemetryMessages } from "./messages.js";
export { TelemetryProvider, type TelemetryProviderProps } from "./provider.js";
export { TelemetrySettings, type TelemetrySettingsProps } from "./settings.js";
