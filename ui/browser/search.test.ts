import { expect, test } from "vitest";
import { open, running } from "./program";

const program = running("demo");

test("from anywhere to a Service, its owner beside it", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/owners");
  await page.getByRole("heading", { name: "Owners" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("invoice-servise");
  const found = page.getByRole("option").first();
  await found.getByText("invoice-service").waitFor();
  expect(await found.textContent()).toContain("Billing & Settlement");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/billing/invoice-service");
  await page.locator(".owner-card").waitFor();
  await close();
});

test("arrows choose, Escape leaves, and nothing found is said", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/");
  await page.locator(".numbers").waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("billing");
  await page.getByRole("option").nth(1).waitFor();
  expect(await page.getByRole("option").first().getAttribute("aria-selected")).toBe("true");
  await page.keyboard.press("ArrowDown");
  expect(await page.getByRole("option").nth(1).getAttribute("aria-selected")).toBe("true");
  await page.getByRole("combobox").fill("zzqqxx");
  await page.getByText("Nothing is named like “zzqqxx”.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await close();
});

test("the list of owners is a tree, and a team's page has what those below it own", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/owners");
  await page.locator(".groups .groups .group").first().waitFor();
  await page.getByLabel("Filter by name").fill("billing");
  await page.waitForURL("**/owners?q=billing");
  await page.getByRole("link", { name: "Billing & Settlement" }).click();
  await page.getByRole("heading", { name: "Billing & Settlement" }).waitFor();
  await page.getByRole("cell").getByRole("link", { name: "invoice-service" }).first().waitFor();
  await close();
});
