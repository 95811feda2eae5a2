// A running Backstitch over files that a test may change, and a browser that looks at it.
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");

export type Program = {
  /** Where it answers. */
  url: string;
  /** The folder with its catalog and clusters. */
  folder: string;
  stop: () => Promise<void>;
};

/** Starts the program over a copy of an example, with what a test adds to its configuration and to its files. */
export async function start(
  example: string,
  configuration = "",
  prepare: (folder: string) => Promise<void> = async () => {},
): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), "backstitch-pages-"));
  await cp(join(EXAMPLES, example), folder, { recursive: true });
  const config = join(folder, "backstitch.yaml");
  if (configuration) {
    await writeFile(config, configuration);
  }
  await prepare(folder);
  const binary = process.env["BACKSTITCH_BINARY"];
  if (!binary) {
    throw new Error("BACKSTITCH_BINARY is not set: run `cargo xtask test pages`");
  }
  const child = spawn(
    binary,
    [
      "serve",
      "--config",
      config,
      "--listen",
      "127.0.0.1:0",
      "--store",
      join(folder, "store.db"),
      "--log-format",
      "json",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const url = await listening(child);
  return {
    url,
    folder,
    stop: async () => {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The address that it says it listens on. */
async function listening(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr! })) {
    said.push(line);
    const address = /listening on (http:\/\/[0-9.:]+)/.exec(line)?.[1];
    if (address) {
      // What it says later must not fill the pipe.
      child.stderr!.resume();
      return address;
    }
  }
  throw new Error(`it ended without listening:\n${said.join("\n")}`);
}

/** A configuration of the shop for tests that change its files or its keys. */
export const SHOP = `
scrapers:
  backstage:
    enabled: true
    instances:
      - name: shop
        path: ./catalog
clusters:
  - name: k8s
    path: ./k8s
`;

/** The program for all tests of a file: it has read its sources before the first, and ends after the last. */
export function running(example: string, configuration = ""): Program {
  const program = {} as Program;
  beforeAll(async () => {
    Object.assign(program, await start(example, configuration));
    await settled(program);
  });
  afterAll(async () => {
    await closeBrowser();
    await program.stop();
  });
  return program;
}

let browser: Promise<Browser> | undefined;

export type Look = { width?: number; height?: number; dark?: boolean };

/** A new window with nothing in it; whatever its pages report as an error is thrown when it is closed. */
export async function open(
  url: string,
  { width = 1440, height = 900, dark = false }: Look = {},
): Promise<{ page: Page; close: () => Promise<void> }> {
  browser ??= chromium.launch({
    executablePath: process.env["BACKSTITCH_CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // No page of a test asks anything beyond this machine.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ],
  });
  const context: BrowserContext = await (
    await browser
  ).newContext({
    baseURL: url,
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
    timezoneId: "UTC",
    locale: "en-GB",
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    // What the policy refuses is written there, and nowhere else. What pages of others lack is not ours.
    const from = message.location().url;
    const ours = from === "" || from.startsWith(url);
    if (ours && message.type() === "error" && !/status of (400|401|404)/.test(message.text())) {
      errors.push(message.text());
    }
  });
  return {
    page,
    close: async () => {
      await context.close();
      if (errors.length > 0) {
        throw new Error(`the page reported:\n${errors.join("\n")}`);
      }
    },
  };
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** Waits until the program has read all of its sources. */
export async function settled({ url }: Program): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${url}/api/v1/sources`);
    const { items } = (await answer.json()) as { items: { phase: string }[] };
    if (items.length > 0 && items.every(({ phase }) => phase === "ready")) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error("the sources were not read in time");
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}

/**
 * Copies by the button of that name, and gives what was copied once that has a text in it. The button says only for a moment that it
 * copied, which a busy machine may let pass unseen.
 */
export async function copied(page: Page, name: string, wanted: string): Promise<string> {
  const button = page.getByRole("button", { name: new RegExp(`^(${name}|Copied|Could not copy)$`) }).first();
  const deadline = Date.now() + 30_000;
  for (;;) {
    await button.click();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    if (text.includes(wanted) || Date.now() > deadline) {
      return text;
    }
    await page.waitForTimeout(100);
  }
}
