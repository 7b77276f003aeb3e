import { defineConfig } from "vite";

export default defineConfig({
  // `npm run dev` beside a backend that runs.
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
