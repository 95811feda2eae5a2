// What it costs the browser to draw a graph of 2,000 nodes, to zoom and to push it.
import type { CDPSession, Page } from "playwright-core";
import { afterAll, test } from "vitest";
import { LARGE, large } from "../browser/large";
import { closeBrowser, open } from "../browser/program";
import { row, table } from "./numbers";

const RUNS = 3;
const STEPS = 12;

afterAll(closeBrowser);

type Step = { main: number; frame: number };

/** What one move costs: time of the main thread, and from the move until its frame is there, in milliseconds. */
async function step(page: Page, session: CDPSession, move: string): Promise<Step> {
  const before = await mainThread(session);
  const frame = await page.evaluate(async (move) => {
    const frame = document.querySelector<HTMLElement>(".graph-frame")!;
    const box = frame.getBoundingClientRect();
    const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true, pointerId: 7 };
    const since = performance.now();
    if (move === "nearer") {
      document.querySelector<HTMLButtonElement>(".graph-zoom button")!.click();
    } else if (move === "wheel") {
      frame.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: 60, cancelable: true }));
    } else {
      frame.dispatchEvent(new PointerEvent("pointerdown", at));
      frame.dispatchEvent(
        new PointerEvent("pointermove", { ...at, clientX: at.clientX + 12, clientY: at.clientY + 7 }),
      );
      frame.dispatchEvent(new PointerEvent("pointerup", at));
    }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    return performance.now() - since;
  }, move);
  return { main: (await mainThread(session)) - before, frame };
}

/** How long the tasks of the main thread have run, in milliseconds of its processor time. */
async function mainThread(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return 1_000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
}

test("a graph of 2,000 nodes", { timeout: 600_000 }, async () => {
  const program = await large();
  const first: number[] = [];
  const firstMain: number[] = [];
  // What is drawn anew once a row of moves rests.
  const rest: number[] = [];
  const moves = new Map<string, Step[]>();
  for (let run = 0; run < RUNS; run += 1) {
    const { page, close } = await open(program.url);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    await page.goto(LARGE, { waitUntil: "commit" });
    await page.locator(".node").nth(1_999).waitFor({ state: "attached" });
    // From when the answer was there; what the program needs for it is not the browser's.
    first.push(
      await page.evaluate(async () => {
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
        const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
        return performance.now() - entries.find(({ name }) => name.includes("/api/v1/graph"))!.responseEnd;
      }),
    );
    firstMain.push(await mainThread(session));
    await page.waitForTimeout(1_000);
    for (const [name, move, steps] of [
      ["zoom by the wheel, all in the window", "wheel", STEPS],
      ["push, all in the window", "push", STEPS],
      ["zoom by the button, into it", "nearer", 16],
      ["push, near by", "push", STEPS],
    ] as const) {
      for (let at = 0; at < steps; at += 1) {
        moves.set(name, [...(moves.get(name) ?? []), await step(page, session, move)]);
      }
      const before = await mainThread(session);
      await page.waitForTimeout(1_000);
      rest.push((await mainThread(session)) - before);
    }
    await close();
  }
  await program.stop();
  table(
    ["what", "main thread, ms", "at most", "until the frame, ms", "at most"],
    [
      row("first drawing, from the answer on", firstMain, first),
      ...[...moves].map(([name, steps]) =>
        row(
          name,
          steps.map(({ main }) => main),
          steps.map(({ frame }) => frame),
        ),
      ),
    ],
  );
  console.info(
    `medians of ${RUNS} pages; drawn anew at rest: ${Math.round(Math.max(...rest))} ms of the main thread at most`,
  );
});
