import { expect, test } from "vitest";
import { curve, passes } from "./curves";

const box = (x: number, y: number) => ({ id: "", x, y });
const around = (x: number, y: number) => ({ left: x - 100, top: y - 100, right: x + 100, bottom: y + 100 });

test("from side to side, whichever way it leads", () => {
  expect(curve(box(0, 0), box(408, 100))).toBe("M208 37C308 37 308 137 408 137");
  expect(curve(box(408, 100), box(0, 0))).toBe("M408 137C308 137 308 37 208 37");
});

test.each([
  ["its beginning", 208, 37, true],
  ["its end", 10_000, 8_037, true],
  ["its middle", 5_104, 4_037, true],
  ["level at the beginning", 1_000, 60, true],
  ["a corner of its box", 9_900, 100, false],
  ["the other corner", 300, 7_900, false],
  ["behind its end", 10_400, 8_037, false],
])("%s", (_, x, y, wanted) => {
  const [a, b] = [box(0, 0), box(10_000, 8_000)];
  expect([passes(around(x, y), a, b), passes(around(x, y), b, a)]).toEqual([wanted, wanted]);
});

test("it is seen in whatever window a point of it is in", () => {
  const [a, b] = [box(0, 0), box(900, -3_000)];
  for (let t = 0; t <= 1; t += 0.01) {
    const x = 208 + 692 * (1.5 * t - 1.5 * t ** 2 + t ** 3);
    const y = 37 - 3_000 * (3 * t ** 2 - 2 * t ** 3);
    expect(passes({ left: x, top: y, right: x + 1, bottom: y + 1 }, a, b), `at ${t}`).toBe(true);
  }
});
