// Settings are tried out: what would change is seen at once, what cannot be used is told beside it, and what is found good
// is copied into the configuration.
import { expect, test } from "vitest";
import { copied, open, running, SHOP } from "./program";

const program = running("shop", SHOP);

test("a path is edited, and what would come of it is seen and is an address", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/components");
  await page.getByRole("link", { name: "Try another mapping" }).click();
  await page.getByText("These are the settings that stand.").waitFor();
  const path = page.getByLabel("Kubernetes id, path 1", { exact: true });
  expect(await path.inputValue()).toBe("annotations.backstage.io/kubernetes-id");
  await path.fill("labels.nobody-has-it");
  const tally = page.getByRole("list", { name: "Changes" });
  await tally.getByText("no longer stitched", { exact: true }).waitFor();
  expect(await tally.locator("li").first().textContent()).toBe("−8 no longer stitched");
  await page.getByRole("row").filter({ hasText: "cart" }).getByRole("link", { name: "cart" }).first().waitFor();
  expect(new URL(page.url()).searchParams.getAll("id")).toEqual(["labels.nobody-has-it"]);
  const other = await open(program.url);
  await other.page.goto(page.url());
  await other.page.getByText("−8").waitFor();
  await other.close();
  await page.getByRole("button", { name: "Back to what stands" }).click();
  await page.getByText("These are the settings that stand.").waitFor();
  expect(new URL(page.url()).searchParams.getAll("id")).toEqual([]);
  await close();
});

test("rules are added and moved by keyboard", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/playground");
  await page.getByRole("button", { name: "Add component-name" }).press("Enter");
  await page.waitForURL("**rule=service-name&rule=component-name**");
  await page.getByRole("button", { name: "Move up: component-name" }).press("Enter");
  await page.waitForURL("**rule=component-name&rule=service-name**");
  await page.locator("[aria-busy=false]").waitFor();
  await page.locator("pre").getByText("- component-name\n  - service-name").waitFor();
  await close();
});

test("what cannot be used is told beside it, with what was meant", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/playground");
  const path = page.getByLabel("Owner, path 1", { exact: true });
  await path.fill("specs.owner");
  const use = page.getByRole("button", { name: "Use spec.owner" });
  await use.waitFor();
  expect(await path.getAttribute("aria-invalid")).toBe("true");
  await page.getByText("Mend what is marked").waitFor();
  await use.click();
  await page.getByText("These are the settings that stand.").waitFor();
  expect(await path.inputValue()).toBe("spec.owner");
  await close();
});

test("the configuration is copied", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/playground?instance=shop&honor=true&id=labels.app");
  await page.getByText("honor_cluster_annotation: true").waitFor();
  const text = await copied(page, "Copy the configuration", "honor_cluster_annotation: true");
  expect(text).toContain("label_map:\n  component_kubernetes_id:\n    - labels.app\n");
  expect(text).toContain("honor_cluster_annotation: true\n");
  await close();
});
