import * as telemetry from "@rhesis/telemetry";

Object.assign(window, { telemetry });
telemetry.initTelemetry({ endpoint: new URLSearchParams(location.search).get("endpoint") ?? "" });
document.body.dataset.ready = "";
