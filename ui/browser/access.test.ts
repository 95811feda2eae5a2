// People sign in at a provider and may do what their role says; programs bear tokens that somebody made for them.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, open, type Program, SHOP, start } from "./program";
import { CLIENT, type Peer, provider, proxy, SECRET } from "./provider";

let program: Program;
let front: Awaited<ReturnType<typeof proxy>>;
let idp: Peer;

beforeAll(async () => {
  front = await proxy();
  idp = await provider(`${front.url}/api/v1/session/oidc/callback`);
  const configuration = `
sign_in:
  url: ${front.url}
  oidc:
    issuer: ${idp.url}
    client_id: ${CLIENT}
    client_secret_file: secret
    scopes: [profile, groups]
  roles:
    - {role: viewer, groups: [staff]}
    - {role: editor, groups: [web], teams: [web]}
    - {role: admin, groups: [platform]}
${SHOP}`;
  program = await start("shop", configuration, (folder) => writeFile(join(folder, "secret"), SECRET));
  front.to(program.url);
});

afterAll(async () => {
  await closeBrowser();
  await program.stop();
  await idp.stop();
  await front.stop();
});

/** Signs in at the provider, as whom one likes. */
async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

test("who signs in at the provider is where they wanted to be", async () => {
  const { page, close } = await open(front.url);
  const address = "/services?state=owned";
  await page.goto(address);
  await signIn(page, "vera");
  await page.getByRole("row").nth(1).waitFor();
  expect(page.url()).toBe(front.url + address);
  await page.getByText("vera viewer").waitFor();
  const cookies = await page.context().cookies(front.url);
  expect(cookies.map(({ name }) => name).filter((name) => name.startsWith("backstitch"))).toEqual([
    "backstitch_session",
  ]);
  // Who looks is not offered what only others may do.
  await page.getByRole("link", { name: "cart", exact: true }).first().click();
  await page.getByRole("heading", { name: "cart", level: 1 }).waitFor();
  expect(await page.getByRole("button", { name: "Pin a component" }).count()).toBe(0);
  expect(await page.getByRole("link", { name: "Access" }).count()).toBe(0);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Sign in" }).waitFor();
  await close();
});

test("who has no role is told so, and is not in", async () => {
  const { page, close } = await open(front.url);
  await page.goto("/");
  await signIn(page, "nobody");
  await page.getByRole("alert").getByText("nobody gave you a role here").waitFor();
  await page.getByRole("link", { name: "Sign in" }).waitFor();
  const answer = await page.request.get("/api/v1/summary");
  expect(answer.status()).toBe(401);
  await close();
});

test("a way back that nobody went is refused", async () => {
  const { page, close } = await open(front.url);
  await page.goto("/api/v1/session/oidc/callback?state=made-up&code=stolen");
  await page.getByRole("alert").getByText("it began in another browser").waitFor();
  await close();
});

test("an editor of a team decides about what it has, under their own name", async () => {
  const { page, close } = await open(front.url);
  await page.goto("/services/k8s/shop/cart");
  await signIn(page, "wim");
  await page.getByText("wim editor").waitFor();
  const decide = (component: string) =>
    page.request.post("/api/v1/decisions", {
      headers: { origin: front.url },
      data: { kind: "ignore", component, reason: "a test", author: "somebody else" },
    });
  const theirs = await decide("component:default/cart");
  expect(theirs.status()).toBe(201);
  const decision = (await theirs.json()) as { id: number; author: string };
  expect(decision.author).toBe("wim");
  const others = await decide("component:default/payment-api");
  expect(others.status()).toBe(403);
  expect(await others.text()).toContain("it belongs to `group:default/payments`");
  await page.goto("/decisions");
  await page.getByRole("button", { name: "Withdraw" }).click();
  await page.getByText("as wim").waitFor();
  await page.getByRole("button", { name: "Withdraw" }).click();
  await page.getByText("No decision stands").waitFor();
  await close();
});

test("an administrator makes a token, which is shown once, and ends it", async () => {
  const { page, close } = await open(front.url);
  await page.goto("/access");
  await signIn(page, "ann");
  await page.getByText("No token was made").waitFor();
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByLabel("What is it for?").fill("pipeline");
  await page.getByRole("button", { name: "Make it" }).click();
  const token = (await page.getByLabel("The token", { exact: true }).textContent())!.trim();
  expect(token).toMatch(/^bst_1_[\w-]{43}$/);
  const ask = () => fetch(`${front.url}/api/v1/summary`, { headers: { authorization: `Bearer ${token}` } });
  expect((await ask()).status).toBe(200);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("heading", { name: "pipeline" }).waitFor();
  expect(await page.content()).not.toContain(token);
  await page.getByRole("button", { name: "End it" }).click();
  await page.getByRole("button", { name: "End pipeline" }).click();
  await page.getByText("No token was made").waitFor();
  expect((await ask()).status).toBe(401);
  await close();
});
