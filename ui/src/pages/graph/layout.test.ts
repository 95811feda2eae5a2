import { expect, test } from "vitest";
import { HEIGHT, type Line, layOut, type Thing, WIDTH } from "./layout";

/** Services of many teams with all that is behind them; pods of several run on one Node. */
function company(services: number, machines: number): { things: Thing[]; lines: Line[] } {
  const things: Thing[] = Array.from({ length: machines }, (_, at) => ({ id: `node:${at}`, kind: "Node", owner: "" }));
  const lines: Line[] = [];
  for (let at = 0; at < services; at += 1) {
    const owner = `group:default/team-${at % 23}`;
    const add = (kind: string) => things.push({ id: `${kind}:${at}`, kind, owner });
    ["Service", "Component", "Deployment", "Pods", "HorizontalPodAutoscaler", "PersistentVolumeClaim"].forEach(add);
    lines.push({ from: `Component:${at}`, to: `Service:${at}` });
    lines.push({ from: `Service:${at}`, to: `Deployment:${at}` });
    lines.push({ from: `Deployment:${at}`, to: `Pods:${at}` });
    lines.push({ from: `HorizontalPodAutoscaler:${at}`, to: `Deployment:${at}` });
    lines.push({ from: `Deployment:${at}`, to: `PersistentVolumeClaim:${at}` });
    for (let other = 0; other < 3; other += 1) {
      lines.push({ from: `Pods:${at}`, to: `node:${(at * 7 + other * 13) % machines}` });
    }
  }
  return { things, lines };
}

/** One thing before everything, as an Ingress of a whole company, and one chain without an end. */
function odd(count: number): { things: Thing[]; lines: Line[] } {
  const things = Array.from({ length: count }, (_, at) => ({ id: `${at}`, kind: "Service", owner: "" }));
  const lines = things.slice(1).map(({ id }, at) => ({ from: `${at}`, to: id }));
  return { things, lines };
}

const done = async () => {};

function overlapping(boxes: { x: number; y: number }[]): number {
  let count = 0;
  const sorted = [...boxes].sort((a, b) => a.x - b.x);
  sorted.forEach((box, at) => {
    for (let next = at + 1; next < sorted.length && sorted[next]!.x < box.x + WIDTH - 1; next += 1) {
      count += Math.abs(sorted[next]!.y - box.y) < HEIGHT - 1 ? 1 : 0;
    }
  });
  return count;
}

test.each([
  ["one Service", company(1, 1)],
  ["a team", company(12, 9)],
  ["2,000 nodes", company(325, 50)],
  ["2,000 nodes in a chain", odd(2_000)],
  ["nothing", { things: [], lines: [] }],
])("everything has its place, and none covers another: %s", async (name, { things, lines }) => {
  const begun = performance.now();
  let slice = begun;
  let longest = 0;
  const drawing = await layOut(things, lines, async () => {
    longest = Math.max(longest, performance.now() - slice);
    slice = performance.now();
  });
  const took = performance.now() - begun;
  if (things.length >= 2_000) {
    console.info(`${name}: laid out in ${took.toFixed(0)} ms, at most ${longest.toFixed(0)} ms at once`);
  }
  expect([...drawing.boxes.keys()].sort()).toEqual(things.map(({ id }) => id).sort());
  expect(overlapping([...drawing.boxes.values()])).toBe(0);
  for (const { x, y } of drawing.boxes.values()) {
    expect(x >= 0 && x + WIDTH <= drawing.width + 1).toBe(true);
    expect(y >= 0 && y + HEIGHT <= drawing.height + 1).toBe(true);
  }
  // Far above what it takes, so that a slow machine does not fail: it is there for what grows out of proportion.
  expect(took).toBeLessThan(10_000);
});

test("the same graph is drawn the same", async () => {
  const { things, lines } = company(40, 10);
  const once = await layOut(things, lines, done);
  const again = await layOut(things, lines, done);
  expect([...again.boxes]).toEqual([...once.boxes]);
});
