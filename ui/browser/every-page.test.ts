// What holds of every page: people who see little or nothing can use it, it fits a phone, it is small, and what a catalog
// says is never more than text.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { open, type Program, running, SHOP, start } from "./program";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** The most that the first page may take on its way, in bytes. */
const BUDGET = 300_000;

const PAGES: [string, string][] = [
  ["overview", "/"],
  ["services", "/services"],
  ["service", "/services/eu-central-1/billing/invoice-service"],
  ["unclaimed service", "/services/eu-central-1/booking/redis"],
  ["components", "/components"],
  ["component", "/components/component%3Adefault%2Fhub-config"],
  ["owners", "/owners"],
  ["owner", "/owners/group%3Adefault%2Fbilling"],
  ["graph without a focus", "/graph"],
  [
    "graph",
    "/graph?focus=eu-central-1%2Fbilling%2Finvoice-service&chosen=service%3Aeu-central-1%2Fbilling%2Finvoice-service",
  ],
  ["graph as a list", "/graph?focus=group%3Adefault%2Fbilling&as=list"],
  ["decisions", "/decisions"],
  ["playground", "/playground"],
  ["sources", "/sources"],
  ["access", "/access"],
  ["integrations that are not enabled", "/integrations"],
  ["no such page", "/nowhere"],
];

const program = running("demo");

type Violation = { id: string; impact: string; nodes: { html: string; failureSummary: string }[] };

/** The shop, to which a Backstage can be added; its cluster is dead, and says so. */
const WITH_INTEGRATIONS = `
integrations: {enabled: true}
secrets: {namespaces: [causely]}
scrapers: {backstage: {instances: [{name: shop, path: ./catalog}]}}
clusters: [{name: k8s, kubeconfig: kubeconfig.yaml}]
`;
const KUBECONFIG = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "a",
  contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
  clusters: [{ name: "a", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "a", user: { token: "a" } }],
};
const INTEGRATIONS = ["/integrations", "/integrations/add", "/integrations/edit/shop"];
let integrating: Program;

beforeAll(async () => {
  integrating = await start("shop", WITH_INTEGRATIONS, (folder) =>
    writeFile(join(folder, "kubeconfig.yaml"), JSON.stringify(KUBECONFIG)),
  );
});

afterAll(() => integrating.stop());

for (const dark of [false, true]) {
  test.each([
    ...PAGES.map(([name, path]) => [name, path, () => program] as const),
    ...INTEGRATIONS.map((path) => [path, path, () => integrating] as const),
  ])(`axe finds nothing serious: %s, ${dark ? "dark" : "light"}`, async (_, path, of) => {
    const { page, close } = await open(of().url, { dark });
    await page.goto(path);
    await page.locator("main").getByRole("heading").or(page.locator(".empty")).first().waitFor();
    await page.locator(".loading").first().waitFor({ state: "detached" });
    // The policy forbids inline scripts; what the test brings is evaluated by the browser's own tools.
    await page.evaluate(await readFile(AXE, "utf8"));
    const violations = await page.evaluate(async () => {
      const axe = (globalThis as unknown as { axe: { run: () => Promise<{ violations: Violation[] }> } }).axe;
      return (await axe.run()).violations;
    });
    const serious = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`,
      );
    expect(serious).toEqual([]);
    await close();
  });
}

test.each([
  ...PAGES.map(([name, path]) => [name, path, () => program] as const),
  ...INTEGRATIONS.map((path) => [path, path, () => integrating] as const),
])("it fits a phone: %s", async (_, path, of) => {
  const { page, close } = await open(of().url, { width: 375, height: 720 });
  await page.goto(path);
  await page.locator("main").getByRole("heading").or(page.locator(".empty")).first().waitFor();
  await page.locator(".loading").first().waitFor({ state: "detached" });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(375);
  await close();
});

test("the first page is within its budget", async () => {
  const { page, close } = await open(program.url);
  let bytes = 0;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto("/");
  await page.locator(".queue-items li").first().waitFor();
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(BUDGET);
  await close();
});

test("what a catalog says is text", async () => {
  const own = await start("shop", SHOP);
  const script = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";
  const entities = [
    {
      apiVersion: "backstage.io/v1alpha1",
      kind: "Group",
      metadata: {
        name: "hostile",
        annotations: { "slack.com/channel": script },
        links: [{ url: "javascript:document.title='taken'", title: script }],
      },
      spec: { type: "team", children: [], profile: { displayName: script, email: `"><script>@x.example` } },
    },
    {
      apiVersion: "backstage.io/v1alpha1",
      kind: "Component",
      metadata: {
        name: "hostile",
        annotations: {
          "backstage.io/kubernetes-id": "shipping-rates",
          "backstage.io/kubernetes-namespace": "fulfilment",
        },
      },
      spec: { type: script, lifecycle: "javascript:alert(1)", system: script, owner: "hostile" },
    },
  ];
  await writeFile(
    join(own.folder, "catalog/components/hostile.yaml"),
    entities.map((entity) => JSON.stringify(entity)).join("\n---\n"),
  );
  // The second read has it, if the first did not.
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${own.url}/api/v1/services/k8s/fulfilment/shipping-rates`);
    if (answer.ok && ((await answer.json()) as { state: string }).state === "owned") {
      break;
    }
    expect(Date.now()).toBeLessThan(deadline);
    await new Promise((done) => setTimeout(done, 100));
  }
  const { page, close } = await open(own.url);
  for (const path of [
    "/services/k8s/fulfilment/shipping-rates",
    "/components/component%3Adefault%2Fhostile",
    "/owners/group%3Adefault%2Fhostile",
    "/owners",
    "/services?q=shipping-rates",
  ]) {
    await page.goto(path);
    await page.getByText("<img src=x").first().waitFor();
    expect(await page.title()).toBe("Backstitch");
    expect(await page.locator("main img, main script, a[href^='javascript:']").count()).toBe(0);
  }
  await close();
  await own.stop();
});
