export { backendConsent } from "./backend.js";
export {
  type ConsentStore,
  isTelemetryEnabled,
  onTelemetryStatus,
  setTelemetryEnabled,
  telemetryStatus,
  type TelemetryStatus,
} from "./consent.js";
export {
  CONTRACT_VERSION,
  type DeploymentType,
  type EndpointUsage,
  type ErasureRequest,
  type FeatureUsage,
  type MetadataValue,
  type UserActivity,
} from "./contract.js";
export { requestErasure } from "./erasure.js";
export { droppedEvents, lastPayloads, onPayload, type Payload } from "./exporter.js";
export { type TelemetryOptions } from "./options.js";
export { trackPageViews } from "./pages.js";
export { previewStored, samplePayload, type StoredPreview } from "./preview.js";
export { type Metadata } from "./scrub.js";
export {
  identify,
  initTelemetry,
  reset,
  trackEvent,
  trackFeatureUsage,
  trackPageView,
  trackUserLogin,
} from "./telemetry.js";
