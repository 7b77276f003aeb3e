"use client";

import { useTelemetry } from "@rhesis/telemetry/react";
import Link from "next/link";

export function Product() {
  const { trackFeatureUsage } = useTelemetry();
  return (
    <>
      <button onClick={() => trackFeatureUsage("from_next", "used")}>Use it</button>
      <Link href="/material">Material</Link>
    </>
  );
}
