import { expect, test } from "vitest";
import { open, running } from "./program";

const program = running("demo");

test("a list is narrowed by facets, sorted, and the address is the view", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/services");
  await page.getByRole("status").getByText("86 Services").waitFor();
  const facets = page.getByRole("complementary", { name: "Narrow the list" });
  await facets.getByRole("button", { name: /^unclaimed/ }).click();
  await page.waitForURL("**/services?state=unclaimed");
  await page.getByRole("status").getByText("14 Services").waitFor();
  await facets.getByRole("button", { name: /^us-east-1/ }).click();
  await page.waitForURL("**state=unclaimed**");
  await page.getByRole("button", { name: "Service", exact: true }).click();
  await page.waitForURL("**sort=service**");
  const names = page.getByRole("row").locator(".cell:first-child a");
  await names.first().waitFor();
  const shown = await names.allTextContents();
  expect(shown).toEqual([...shown].sort());
  // Who is given the address sees the same.
  const address = page.url();
  const other = await open(program.url);
  await other.page.goto(address);
  await other.page.getByRole("row").nth(1).waitFor();
  expect(await other.page.getByRole("row").locator(".cell:first-child a").allTextContents()).toEqual(shown);
  await other.close();
  await close();
});

test("labels are filters and columns", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/services");
  await page.getByLabel("Filter by a label").fill("causely.ai/backstage-owner-kind=User");
  await page.keyboard.press("Enter");
  await page.getByLabel("Show a label as column").selectOption({ label: "causely.ai/backstage-owner-source" });
  await page.getByRole("columnheader", { name: "causely.ai/backstage-owner-source" }).waitFor();
  await page.getByRole("cell", { name: "spec.owner" }).first().waitFor();
  expect(new URL(page.url()).searchParams.getAll("label")).toEqual(["causely.ai/backstage-owner-kind=User"]);
  await close();
});

test("a Service says whom to call and why", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/services/eu-central-1/billing/invoice-service");
  const card = page.locator(".owner-card");
  await card.getByRole("link", { name: "Billing & Settlement" }).waitFor();
  await card.getByRole("link", { name: "billing@lindhaven.example" }).waitFor();
  const trail = page.locator(".trail");
  await trail.getByText("Rule service-name", { exact: true }).waitFor();
  expect(await trail.locator("li strong").allTextContents()).toEqual([
    "What it says",
    "Rule service-name",
    "Verdict: stitched",
    "Owner",
  ]);
  // Who owned it at a time of the past: history is minutes old, so the time is now.
  const now = new Date(Date.now() + 1_000).toISOString();
  await page.goto(`/services/eu-central-1/billing/invoice-service?at=${new Date().toISOString()}`);
  await page.locator(".then").getByRole("link", { name: "Billing & Settlement" }).waitFor();
  await page.goto(`/services/eu-central-1/billing/invoice-service?at=${now.replace(/^\d+/, "2999")}`);
  await page.locator(".then").getByRole("alert").getByText("is in the future").waitFor();
  await close();
});

test("what it depends on and what depends on it are named with whom to call", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/components/component%3Adefault%2Froute-optimizer");
  const on = page.getByRole("region", { name: "Depends on", exact: true });
  await on.getByRole("link", { name: "geo-index", exact: true }).waitFor();
  const by = page.getByRole("region", { name: "Depended on by" });
  await by.getByText("spec.dependsOn").first().waitFor();
  await on.getByRole("link", { name: "geo-index", exact: true }).click();
  await page.getByRole("heading", { name: "geo-index" }).waitFor();
  await page.getByText("The catalog declares nothing that it depends on.").waitFor();
  await close();
});

test("a Service that is not there comes with those of near names", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/services/eu-central-1/billing/invoice-servise");
  await page.getByRole("alert").getByText("did you mean").waitFor();
  await close();
});

test("a person ignores a Service, and takes it back", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/services/eu-central-1/booking/redis");
  await page.getByRole("button", { name: "Ignore" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Your name").fill("Ada");
  await dialog.getByLabel("Why").fill("A cache <b>of nobody</b>");
  await dialog.getByRole("button", { name: "Decide" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("ignored").first().waitFor();
  await page.getByRole("link", { name: "Decisions" }).click();
  const card = page.locator(".card").filter({ hasText: "eu-central-1/booking/redis" });
  // It is text, not markup.
  await card.getByText("“A cache <b>of nobody</b>”").waitFor();
  await card.getByRole("button", { name: "Withdraw" }).click();
  await card.getByRole("button", { name: "Withdraw" }).click();
  await card.waitFor({ state: "detached" });
  await close();
});

test("a person pins a component", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/services/eu-central-1/identity/redis");
  await page.getByRole("button", { name: "Pin a component" }).click();
  await page.getByLabel("Name of the component").fill("shared-redis");
  await page.getByRole("button", { name: /shared-redis/ }).click();
  await page.getByLabel("Your name").fill("Ada");
  await page.getByRole("button", { name: "Decide" }).click();
  await page.getByText("A person pinned the component").waitFor();
  await page.locator(".title .badge").getByText("owned").waitFor();
  await close();
});
