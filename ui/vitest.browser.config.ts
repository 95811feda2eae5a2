import { defineConfig } from "vitest/config";

// The program in a real browser: one after the other, since this is about what people see, not about how many.
export default defineConfig({
  test: { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000, slowTestThreshold: 20_000 },
});
