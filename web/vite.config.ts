// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vite";
import { fileURLToPath } from "node:url";

// BULLA_API names a running platform for `npm run dev`; the built files are served by the platform itself.
const api = process.env.BULLA_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  worker: { format: "es" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // data: URLs are not allowed by the content security policy
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { "/api": { target: api, changeOrigin: true, headers: { origin: api } } } }, // the platform takes changes from its own origin alone
});
