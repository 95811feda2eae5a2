import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where a running Backstitch answers while the pages are worked on.
const server = process.env["BACKSTITCH_SERVER"] ?? "http://127.0.0.1:7465";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // Scripts and styles come from files alone: the policy that the server sends allows nothing inline.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
    rolldownOptions: {
      output: {
        // A page comes as its own code and one file of what pages share. Left to itself the build makes a file of each shared
        // part, a dozen for a page, and a browser fetches six at a time.
        codeSplitting: { groups: [{ name: "shared", test: /[\\/]src[\\/]/, minShareCount: 2 }] },
      },
    },
  },
  server: { proxy: { "/api": server } },
});
