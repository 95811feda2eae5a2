// The pictures of the documentation, made anew of the bundled examples.
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { type Look, open, type Program, running, SHOP, start } from "../browser/program";

const IMAGES = resolve(import.meta.dirname, "../../docs/images");
const TOKEN = "a-token-of-these-pictures-alone";

const program = running("demo");
let guarded: Program;

beforeAll(async () => {
  await mkdir(IMAGES, { recursive: true });
  // Nobody signs in for a picture, so that the provider need not be there.
  const configuration = `
api_token_file: api-token
sign_in:
  url: http://localhost
  oidc: {issuer: "http://localhost:1", client_id: backstitch}
${SHOP}`;
  guarded = await start("shop", configuration, (folder) => writeFile(join(folder, "api-token"), TOKEN));
});

afterAll(() => guarded.stop());

test.each<[string, string, Look]>([
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

test("sign-in and access", async () => {
  const ends = new Date(Date.now() + 90 * 86_400_000).toISOString();
  const tokens = [
    { name: "Alertmanager", role: "editor" },
    { name: "Prometheus", role: "viewer" },
    { name: "the agent of the payments team", role: "editor", teams: ["payments"] },
  ];
  for (const token of tokens) {
    await fetch(`${guarded.url}/api/v1/tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ ...token, expires: ends }),
    });
  }
  const { page, close } = await open(guarded.url, { width: 1280, height: 800 });
  await page.goto("/access");
  await page.getByRole("link", { name: "Sign in" }).waitFor();
  await page.screenshot({ path: `${IMAGES}/sign-in.png` });
  await page.getByRole("button", { name: "Sign in by a token" }).click();
  await page.getByLabel("Token of the API").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Prometheus" }).waitFor();
  await page.screenshot({ path: `${IMAGES}/access.png` });
  await close();
});
