import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, open, type Program, SHOP, start } from "./program";

const TOKEN = "a-token-of-this-test-alone";

let program: Program;

beforeAll(async () => {
  const file = join(tmpdir(), `backstitch-token-${process.pid}`);
  await writeFile(file, TOKEN, { mode: 0o600 });
  program = await start("shop", `api_token_file: ${file}${SHOP}`);
});

afterAll(async () => {
  await closeBrowser();
  await program.stop();
});

test("the token is given once; scripts never see what stands for it", async () => {
  const { page, close } = await open(program.url);
  const address = "/services?state=owned";
  const asked = new Set<string>();
  page.on("request", (request) => asked.add(new URL(request.url()).pathname));
  await page.goto(address);
  await page.getByLabel("Token of the API").fill("wrong");
  // Nothing is asked that would only be refused.
  expect([...asked].filter((path) => path.startsWith("/api/"))).toEqual(["/api/v1/session"]);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("the token is not the one configured").waitFor();
  await page.getByLabel("Token of the API").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  // One is where one wanted to be.
  await page.getByRole("row").nth(1).waitFor();
  expect(page.url()).toBe(program.url + address);
  expect(await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage }))).not.toContain(
    "backstitch_session",
  );
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ name: "backstitch_session", httpOnly: true, sameSite: "Strict" });
  await page.reload();
  await page.getByRole("row").nth(1).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token of the API").waitFor();
  expect(await page.context().cookies()).toEqual([]);
  await close();
});
