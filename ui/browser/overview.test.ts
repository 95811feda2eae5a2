import { appendFile, copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SummaryAnswer } from "../src/api/types";
import { copied, open, running, settled, SHOP, start } from "./program";

const program = running("demo");

async function summary(): Promise<SummaryAnswer> {
  return (await (await fetch(`${program.url}/api/v1/summary`)).json()) as SummaryAnswer;
}

test("the four numbers are those of the API, and lead to their lists", async () => {
  const known = await summary();
  const { page, close } = await open(program.url);
  await page.goto("/");
  const numbers = page.locator(".numbers li");
  await numbers.nth(3).waitFor();
  expect(await numbers.locator(".number").allTextContents()).toEqual([
    `${(known.coverage * 100).toFixed(1)}%`,
    "65.3%",
    String(known.verdicts.ambiguous + known.verdicts.conflict),
    String(known.owners.unresolved),
  ]);
  await numbers.nth(3).getByRole("link").click();
  await page.waitForURL("**/components?owner_state=unresolved");
  await page.getByRole("row").nth(known.owners.unresolved).waitFor();
  // The head is a row as well.
  expect(await page.getByRole("row").count()).toBe(known.owners.unresolved + 1);
  await close();
});

test("what waits stands by reason, the most first, with a patch for all of a reason", async () => {
  const known = await summary();
  const { page, close } = await open(program.url);
  await page.goto("/");
  await page.locator(".queue-count").first().waitFor();
  const counts = await page.locator(".queue-count").allTextContents();
  const numbers = counts.map(Number);
  expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
  await page.getByText("Components name several Services").click();
  await page.getByText("hub-config").waitFor();
  const patch = await copied(page, "Copy the patch for all of these", "backstage.io/kubernetes-namespace: hubs");
  expect(patch.match(/^# component:/gm)).toHaveLength(known.verdicts.ambiguous);
  expect(patch).toContain("backstage.io/kubernetes-namespace: hubs");
  await close();
});

test("owners that are not there have a fix of their own, whatever became of the component", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/");
  await page.getByText("Components name an owner who is not there").click();
  // It loses a conflict, too; what a bare name misses is the User.
  const item = page.locator(".queue-items li", { hasText: "slo-reports" }).first();
  await item.getByText("is no Group or User of instance").first().waitFor();
  await item.locator(".fix", { hasText: "owner: user:default/sofia.almeida" }).waitFor();
  const patch = await copied(page, "Copy the patch for all of these", "owner: user:default/sofia.almeida");
  expect(patch.match(/^# component:default\/slo-reports /gm)).toHaveLength(1);
  await close();
});

test("for Services that nobody claims there is the command that drafts components", async () => {
  const { page, close } = await open(program.url);
  await page.goto("/");
  await page.getByText("Services that no component claims").click();
  await page.getByText(`backstitch suggest --server ${program.url} --out suggestions`).waitFor();
  await close();
});

test("what a page begins with is asked while its code is on its way", async () => {
  for (const [path, code, asked] of [
    ["/", "Overview-", "/api/v1/summary"],
    ["/services?state=owned", "Services-", "/api/v1/services?limit=200&state=owned"],
  ] as const) {
    const { page, close } = await open(program.url);
    const asking: string[] = [];
    page.on("request", (request) => asking.push(request.url().slice(program.url.length)));
    let arrive = (): void => {};
    const arrived = new Promise<void>((done) => (arrive = done));
    await page.route(`**/assets/${code}*.js`, async (route) => {
      await arrived;
      await route.continue();
    });
    const request = page.waitForRequest((request) => request.url() === program.url + asked);
    await page.goto(path, { waitUntil: "commit" });
    await request;
    arrive();
    await page.getByRole("heading", { level: 1 }).waitFor();
    // The page takes the answer that is there.
    expect(asking.filter((address) => address === asked)).toHaveLength(1);
    await close();
  }
});

test("a change of a source is seen without anybody asking", async () => {
  const before = await summary();
  const { page, close } = await open(program.url);
  await page.goto("/");
  await page.getByText(`${before.owned} of ${before.services}`).waitFor();
  // A component of its own for a Service that nobody claims.
  const unclaimed = "booking-postgres";
  await appendFile(
    join(program.folder, "catalog/booking/catalog-info.yaml"),
    `\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${unclaimed}\n  annotations:\n    backstage.io/kubernetes-id: ${unclaimed}\n    backstage.io/kubernetes-namespace: booking\nspec:\n  type: database\n  lifecycle: production\n  owner: booking\n`,
  );
  await page.getByText(`${before.owned + 1} of ${before.services}`).waitFor({ timeout: 30_000 });
  await page.locator(".changes").getByText(unclaimed).first().waitFor();
  await close();
});

test("removals that are held back are confirmed by a person, and then done", async () => {
  const own = await start("shop", SHOP);
  await settled(own);
  const { page, close } = await open(own.url);
  await page.goto("/");
  await page.locator(".strip").getByText("up to date").first().waitFor();
  await mkdir(join(own.folder, "less"));
  await copyFile(join(own.folder, "catalog/teams.yaml"), join(own.folder, "less/teams.yaml"));
  await rename(join(own.folder, "catalog"), join(own.folder, "away"));
  await rename(join(own.folder, "less"), join(own.folder, "catalog"));
  await page.getByRole("button", { name: "They really are gone" }).click({ timeout: 30_000 });
  await page.getByLabel("Your name").fill("Ada");
  await page.getByRole("button", { name: "Decide" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "They really are gone" }).waitFor({ state: "detached", timeout: 30_000 });
  await page.getByRole("link", { name: "Decisions" }).click();
  await page.getByLabel("with those that ended").check();
  await page.getByText("what is gone of catalog shop is gone").waitFor();
  await close();
  await own.stop();
});
