// The pictures of the documentation, made anew of the bundled example.
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { beforeAll, test } from "vitest";
import { open, running } from "../browser/program";

const IMAGES = resolve(import.meta.dirname, "../../docs/images");

const program = running("demo");

beforeAll(() => mkdir(IMAGES, { recursive: true }));

test.each([
  ["overview", "/", {}],
  ["overview-dark", "/", { dark: true }],
  ["services", "/services", {}],
  ["service", "/services/eu-central-1/tracking/webhook-relay", {}],
  ["service-phone", "/services/eu-central-1/tracking/webhook-relay", { width: 375, height: 720 }],
  ["components", "/components?verdict=service-not-found", {}],
  ["component", "/components/component%3Adefault%2Fhub-config", {}],
  ["owners", "/owners", {}],
  ["owner", "/owners/group%3Adefault%2Fbilling", {}],
  ["graph", "/graph?focus=eu-central-1%2Fbilling%2Finvoice-service&depth=3", {}],
  ["playground", "/playground?instance=lindhaven", {}],
  ["decisions", "/decisions", {}],
  ["sources", "/sources", {}],
])("%s", async (name, path, look) => {
  const { page, close } = await open(program.url, { width: 1280, height: 800, ...look });
  await page.goto(path);
  await page.locator("main").getByRole("heading").first().waitFor();
  await page.locator(".loading").first().waitFor({ state: "detached" });
  await page.screenshot({ path: `${IMAGES}/${name}.png` });
  await close();
});
