// A person adds a real Backstage to a real Kubernetes, changes it, pauses it and removes it, without a line of YAML.
// `cargo xtask test integrations-real` starts all of them and says where they are.
import { execFileSync } from "node:child_process";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { closeBrowser, copied, open } from "../browser/program";

const SERVER = given("BACKSTITCH_REAL_SERVER");
const BACKSTAGE = given("BACKSTITCH_REAL_BACKSTAGE");
const TOKEN = given("BACKSTITCH_REAL_TOKEN");
const KUBECTL = given("BACKSTITCH_REAL_KUBECTL");
const KUBECONFIG = given("BACKSTITCH_REAL_KUBECONFIG");
/** Where pictures of each step go, for whoever wants to look. */
const PICTURES = process.env["BACKSTITCH_REAL_PICTURES"];

function given(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run \`cargo xtask test integrations-real\``);
  }
  return value;
}

afterAll(closeBrowser);

/** How long reading, judging and writing may take on a busy machine, in milliseconds. */
const PATIENCE = { timeout: 60_000 };

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES) {
    await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
    await page.setViewportSize({ width: 375, height: 720 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: `${PICTURES}/${name}-phone.png`, fullPage: true });
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1440, height: 900 });
  }
}

/** Nothing that is secret is in the address, or in what outlives the page. */
async function keepsNothing(page: Page): Promise<void> {
  const kept = await page.evaluate(
    () => location.href + JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }),
  );
  expect(kept).not.toContain(TOKEN);
}

async function owner(service: string): Promise<string | undefined> {
  const answer = await fetch(`${SERVER}/api/v1/services/${service}`);
  return ((await answer.json()) as { owner?: { ref: string } }).owner?.ref;
}

test("somebody who has a Backstage adds it, without touching YAML", async () => {
  const { page, close } = await open(SERVER);
  await page.goto("/");
  await page.getByRole("navigation").getByRole("link", { name: "Integrations" }).click();
  await page.getByText("No Backstage is read yet").waitFor();
  await picture(page, "1-empty");
  await page.getByRole("link", { name: "Add Backstage" }).click();

  // The cluster does not permit it yet: the page has the commands that do.
  await page.getByRole("alert").getByText("does not permit").waitFor(PATIENCE);
  expect(await page.getByRole("button", { name: "Next" }).isDisabled()).toBe(true);
  await picture(page, "2-forbidden");
  const commands = await copied(page, "Copy the commands", "kubectl create role");
  for (const command of commands.split("\n")) {
    execFileSync(KUBECTL, ["--kubeconfig", KUBECONFIG, ...command.split(" ").slice(1)]);
  }
  await page.reload();
  await page.getByRole("textbox", { name: /^Name/ }).fill("backstage");
  await picture(page, "3-where");
  await page.getByRole("button", { name: "Next" }).click();

  // A token that is not the right one says so.
  await page.getByLabel("Address").fill(BACKSTAGE);
  const token = page.getByLabel("Token", { exact: true });
  expect(await token.getAttribute("type")).toBe("password");
  await token.fill("not-the-one");
  await picture(page, "4-connection");
  await page.getByRole("button", { name: "Next" }).click();
  await picture(page, "5-mapping");
  await page.getByRole("button", { name: "Test the connection" }).click();
  await page.getByText("Something is in the way").waitFor(PATIENCE);
  await picture(page, "6-wrong");
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByLabel("Token", { exact: true }).fill(TOKEN);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Test the connection" }).click();
  await page.getByText("It can be read").waitFor(PATIENCE);
  await page.getByRole("heading", { name: "2 of 7 components would be stitched" }).waitFor();
  await page.getByText("hub/shop/checkout").first().waitFor();
  await picture(page, "7-tested");

  // What is written is shown first.
  await page.getByRole("button", { name: "Show what is written" }).click();
  const manifest = page.getByLabel("The Secret");
  await manifest.waitFor(PATIENCE);
  expect(await manifest.textContent()).toContain(`token: (${TOKEN.length} bytes)`);
  expect(await page.textContent("main")).not.toContain(TOKEN);
  await picture(page, "8-written");
  await page.getByRole("button", { name: "Create the Secret" }).click();
  await page.getByText("It holds").waitFor(PATIENCE);
  await picture(page, "9-done");
  await keepsNothing(page);
  expect(await owner("hub/shop/checkout")).toBe("group:default/payments");

  // Another rule, by the same way; its token stays where it is.
  await page.getByRole("link", { name: "All integrations" }).click();
  await page.getByText("up to date").waitFor(PATIENCE);
  await picture(page, "10-list");
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByText("One is there, and stays as it is.").first().waitFor();
  await picture(page, "11-edit");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Add component-name" }).click();
  await page.getByRole("button", { name: "Test the connection" }).click();
  await page.getByRole("heading", { name: "3 of 7 components would be stitched" }).waitFor(PATIENCE);
  await page.getByRole("button", { name: "Show what is written" }).click();
  await page.getByLabel("Keys").getByText("settings").waitFor(PATIENCE);
  await page.getByRole("button", { name: "Change the Secret" }).click();
  await page.getByRole("heading", { name: "It is written" }).waitFor(PATIENCE);
  await expect.poll(() => owner("hub/shop/docs-site"), PATIENCE).toBeDefined();

  // Left alone, and read again.
  await page.getByRole("link", { name: "All integrations" }).click();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("main").getByText("paused").waitFor(PATIENCE);
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("main").getByText("up to date").waitFor(PATIENCE);

  // Taken away, after it was asked whether that is meant.
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByText("Pausing keeps all of it").waitFor();
  await picture(page, "12-remove");
  await page.getByRole("button", { name: "Delete the Secret" }).click();
  await page.getByText("No Backstage is read yet").waitFor(PATIENCE);
  await keepsNothing(page);
  await close();
}, 300_000);
