// How soon the overview and the list of Services can be used: from the address to what one came for, and until the page is at rest.
import { afterAll, test } from "vitest";
import { closeBrowser, open } from "../browser/program";
import { row, table } from "./numbers";

const RUNS = 5;
/** A page is at rest once no task of its main thread was long for so long, in milliseconds. */
const REST = 1_000;

const url = process.env["BACKSTITCH_SERVER"];

afterAll(closeBrowser);

test.skipIf(!url)("pages of a program that runs", { timeout: 600_000 }, async () => {
  const rows: string[][] = [];
  for (const [name, path, awaited] of [
    ["overview", "/", ".queue-items li"],
    ["services", "/services", ".table-body .table-row"],
  ] as const) {
    const shown: number[] = [];
    const rest: number[] = [];
    const answers: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      // A window of its own each time, so that nothing is in its cache.
      const { page, close } = await open(url!);
      await page.addInitScript(() => {
        const tasks = ((window as { longTasks?: number[] }).longTasks = []);
        new PerformanceObserver((list) =>
          list.getEntries().forEach(({ startTime, duration }) => tasks.push((startTime + duration) as never)),
        ).observe({ type: "longtask", buffered: true });
      });
      await page.goto(path, { waitUntil: "commit" });
      // Looked for in the page at each frame: the clock is the page's own, from the begin of the navigation.
      const at = await page.evaluate(async (awaited) => {
        while (!document.querySelector(awaited)) {
          await new Promise(requestAnimationFrame);
        }
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
        return performance.now();
      }, awaited);
      await page.waitForTimeout(REST);
      const [lastTask, slowest] = await page.evaluate(() => [
        Math.max(0, ...(window as unknown as { longTasks: number[] }).longTasks),
        Math.max(
          0,
          ...performance
            .getEntriesByType("resource")
            .filter(({ name }) => name.includes("/api/"))
            .map(({ duration }) => duration),
        ),
      ]);
      shown.push(at);
      rest.push(Math.max(at, lastTask!));
      answers.push(slowest!);
      await close();
    }
    rows.push(row(name, shown, rest, answers));
  }
  table(["page", "shown, ms", "at most", "at rest, ms", "at most", "slowest answer, ms", "at most"], rows);
});
