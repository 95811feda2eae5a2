import { expect, test } from "vitest";
import { LARGE, large } from "./large";
import { open, running } from "./program";

const program = running("demo");

const INVOICE = "/graph?focus=eu-central-1%2Fbilling%2Finvoice-service";

test("from a Service to what is around it, and to whom it belongs", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/services/eu-central-1/billing/invoice-service");
  await page.getByRole("link", { name: "As a graph" }).click();
  await page.waitForURL("**/graph?focus=**");
  const drawing = page.locator(".graph-frame");
  await drawing.getByRole("button", { name: /^Deployment invoice-service, Billing & Settlement/ }).waitFor();
  await drawing.getByRole("button", { name: /^Component invoice-service/ }).waitFor();
  await drawing.locator(".node.first").click();
  const panel = page.getByRole("complementary", { name: "What is chosen" });
  await panel.getByRole("link", { name: "Billing & Settlement" }).waitFor();
  await panel.getByRole("link", { name: "billing@lindhaven.example" }).waitFor();
  await panel.getByRole("link", { name: "Focus its owner" }).click();
  await page.waitForURL("**focus=group%3Adefault%2Fbilling**");
  await drawing.getByRole("button", { name: /^Service sales-tax/ }).waitFor();
  await close();
});

test("the address is the view, and says what is not shown", async () => {
  const { page, close } = await open(program.url);
  await page.goto(`${INVOICE}&depth=1`);
  const said = page.getByRole("status").filter({ hasText: "are shown" });
  await said.getByText("Not shown, since one step farther").waitFor();
  await said.getByRole("button", { name: "One step farther" }).click();
  await page.waitForURL("**depth=2**");
  await page
    .getByRole("list", { name: "Owners", exact: true })
    .getByRole("button", { name: /^Billing/ })
    .click();
  await page.waitForURL("**mark=**");
  await page.locator(".node").first().click();
  await page.waitForURL("**chosen=**");
  const name = await page.locator(".graph-panel h2").textContent();
  const other = await open(program.url);
  await other.page.goto(page.url());
  await other.page.locator(".graph-panel h2").waitFor();
  expect(await other.page.locator(".graph-panel h2").textContent()).toBe(name);
  expect(await other.page.locator(".legend-entry[aria-pressed=true]").count()).toBe(1);
  await other.close();
  await close();
});

test("by keys alone", async () => {
  const { page, close } = await open(program.url);
  await page.goto(INVOICE);
  const first = page.locator('.node-target[tabindex="0"]');
  await first.waitFor();
  await first.focus();
  const from = await first.getAttribute("data-id");
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((id) => document.activeElement?.getAttribute("data-id") !== id, from);
  const to = await page.evaluate(() => document.activeElement?.getAttribute("data-id"));
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("chosen") === to);
  await page.locator(".graph-panel").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".graph-panel").waitFor({ state: "detached" });
  const scale = () => page.locator(".graph-frame svg > g").getAttribute("transform");
  const before = await scale();
  await page.keyboard.press("-");
  await page.waitForFunction(
    (was) => document.querySelector(".graph-frame svg > g")?.getAttribute("transform") !== was,
    before,
  );
  await close();
});

test("where to begin is searched for, and the same is a list", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/graph");
  await page.getByRole("combobox", { name: /^Begin with/ }).fill("invoice-service");
  await page
    .getByRole("option", { name: /invoice-service/ })
    .first()
    .waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**focus=**invoice-service**");
  await page.getByRole("button", { name: "As a list" }).click();
  await page.waitForURL("**as=list**");
  const row = page.getByRole("row").filter({ hasText: "selects" });
  await row.getByRole("cell", { name: "Deployment invoice-service" }).first().waitFor();
  await close();
});

test("a focus that is not there comes with those of near names", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/graph?focus=eu-central-1%2Fbilling%2Finvoice-servise");
  await page.getByRole("alert").getByText("did you mean").waitFor();
  await close();
});

test("a finger moves it, and the wheel zooms", async () => {
  const { page, close } = await open(program.url);
  await page.goto(INVOICE);
  await page.locator(".node").first().waitFor();
  const group = page.locator(".graph-frame svg > g");
  const before = await group.getAttribute("transform");
  const box = (await page.locator(".graph-frame").boundingBox())!;
  await page.mouse.move(box.x + 30, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + 130, box.y + 90, { steps: 4 });
  await page.mouse.up();
  const pushed = await group.getAttribute("transform");
  expect(pushed).not.toBe(before);
  await page.mouse.wheel(0, -300);
  await page.waitForFunction(
    (was) => document.querySelector(".graph-frame svg > g")?.getAttribute("transform") !== was,
    pushed,
  );
  await close();
});

test("2,000 nodes can be used", async () => {
  const own = await large();
  const { page, close } = await open(own.url);
  const begun = Date.now();
  await page.goto(LARGE);
  await page.locator(".node").nth(1_999).waitFor({ state: "attached" });
  const drawn = Date.now() - begun;
  // Nearer, a step at a time: each until the next frame is painted.
  const steps = await page.evaluate(async () => {
    const nearer = document.querySelector<HTMLButtonElement>(".graph-zoom button")!;
    const took: number[] = [];
    for (let step = 0; step < 16; step += 1) {
      const since = performance.now();
      nearer.click();
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
      took.push(performance.now() - since);
    }
    return took;
  });
  const near = await page.locator(".node").count();
  console.info(
    `2,000 nodes: drawn ${drawn} ms after the address was given; zooming takes ${Math.round(Math.max(...steps))} ms at most, ` +
      `${Math.round(steps.at(-1)!)} ms near by, with ${near} nodes in the window`,
  );
  // Read near by, only what is in the window is there.
  expect(near).toBeLessThan(400);
  expect(drawn).toBeLessThan(20_000);
  await close();
  await own.stop();
});
