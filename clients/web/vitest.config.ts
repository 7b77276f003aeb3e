import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    environmentOptions: { happyDOM: { url: "https://app.example/" } },
    include: ["test/**/*.test.{ts,tsx}"],
    // Some pack, compile or bundle the whole package.
    testTimeout: 120_000,
  },
});
