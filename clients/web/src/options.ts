import type { ConsentStore } from "./consent.js";
import type { DeploymentType } from "./contract.js";
import { safely } from "./safely.js";

/** How telemetry is set up; see {@link initTelemetry}. */
export interface TelemetryOptions {
  /**
   * Where events are posted to, without `/v1/traces`: `https://telemetry.example.com`. Without it telemetry is off.
   * Default: `NEXT_PUBLIC_OTEL_ENDPOINT`, where a bundler puts it in.
   */
  readonly endpoint?: string | undefined;
  /** How the app is deployed. Default: `NEXT_PUBLIC_DEPLOYMENT_TYPE`, otherwise `unknown`. */
  readonly deploymentType?: DeploymentType | undefined;
  /** The name of the app. Default: `rhesis-frontend`. */
  readonly serviceName?: string | undefined;
  /** The app's version. */
  readonly serviceVersion?: string | undefined;
  /** The random id of the app's installation, as its backend has it; a browser makes and stores none. */
  readonly installationId?: string | undefined;
  /** Where the choice is kept beside the browser, such as {@link backendConsent}. */
  readonly consent?: ConsentStore | undefined;
}

/** The options that were given, completed from the environment. */
export interface Settings {
  readonly endpoint: string;
  readonly deploymentType: DeploymentType;
  readonly serviceName: string;
  readonly serviceVersion: string | undefined;
  readonly installationId: string | undefined;
}

/** Complete options; a text that is set but empty counts as not set. */
export function complete(options: TelemetryOptions): Settings {
  return {
    endpoint: (options.endpoint || environment.endpoint() || "").replace(/\/+$/, ""),
    deploymentType: deploymentType(options.deploymentType || environment.deploymentType()),
    serviceName: options.serviceName || "rhesis-frontend",
    serviceVersion: options.serviceVersion,
    installationId: options.installationId,
  };
}

// Next.js replaces exactly these expressions when it builds; elsewhere `process` may not exist.
const environment = {
  endpoint: () => safely(() => process.env.NEXT_PUBLIC_OTEL_ENDPOINT),
  deploymentType: () => safely(() => process.env.NEXT_PUBLIC_DEPLOYMENT_TYPE),
};

function deploymentType(text: string | undefined): DeploymentType {
  const written = text?.replace("-", "_");
  return written === "cloud" || written === "self_hosted" ? written : "unknown";
}
