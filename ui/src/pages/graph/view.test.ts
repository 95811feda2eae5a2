import { expect, test } from "vitest";
import type { Box } from "./layout";
import { area, begin, beside, fit, inside, reveal, seen, zoom } from "./view";

const SIZE = { width: 1000, height: 600 };

test("a large graph fits, a small one keeps its size", () => {
  const large = fit({ boxes: new Map(), width: 9_520, height: 300 }, SIZE);
  expect(large.scale).toBeCloseTo(0.1);
  expect(fit({ boxes: new Map(), width: 200, height: 100 }, SIZE)).toEqual({ scale: 1, x: 400, y: 250 });
});

test("on a phone it begins where it can be read", () => {
  const drawing = { boxes: new Map(), width: 2_000, height: 800 };
  const phone = { width: 340, height: 460 };
  const box: Box = { id: "a", x: 900, y: 300 };
  const view = begin(drawing, phone, box);
  expect(view.scale).toBe(0.75);
  expect(seen(area(view, phone), box.x, box.y, box.x + 1, box.y + 1)).toBe(true);
  expect(begin(drawing, SIZE, box)).toEqual(fit(drawing, SIZE));
});

test("what is under the pointer stays there", () => {
  const view = zoom({ x: 10, y: 20, scale: 1 }, 1.5, { x: 310, y: 220 });
  expect([view.scale, (310 - view.x) / view.scale, (220 - view.y) / view.scale]).toEqual([1.5, 300, 200]);
  expect(zoom(view, 1_000, { x: 0, y: 0 }).scale).toBe(2);
});

test("what gets the focus comes into the window", () => {
  const box: Box = { id: "a", x: 2_000, y: -500 };
  const view = reveal({ x: 0, y: 0, scale: 1 }, box, SIZE);
  expect(seen(area(view, SIZE), box.x, box.y, box.x + 1, box.y + 1)).toBe(true);
  expect(reveal(view, box, SIZE)).toEqual(view);
});

test("arrows go to what is beside", () => {
  const boxes: Box[] = [
    { id: "middle", x: 0, y: 0 },
    { id: "right", x: 300, y: 10 },
    { id: "below", x: 0, y: 80 },
    { id: "far", x: 280, y: 400 },
  ];
  const from = boxes[0]!;
  expect(beside(boxes, from, 1, 0)?.id).toBe("right");
  expect(beside(boxes, from, 0, 1)?.id).toBe("below");
  expect(beside(boxes, from, -1, 0)).toBeUndefined();
});

test("what is drawn is enough until the window leaves it", () => {
  const whole = { left: 0, top: 0, right: 5_000, bottom: 400 };
  const drawn = area({ x: -1_000, y: 0, scale: 1 }, SIZE, 0.25);
  expect(drawn).toEqual({ left: 750, top: -150, right: 2_250, bottom: 750 });
  const at = (x: number, y: number, scale: number) => inside(area({ x, y, scale }, SIZE), drawn, whole);
  expect(at(-1_240, 100, 1)).toBe(true);
  expect(at(-1_260, 0, 1)).toBe(false);
  expect(at(-740, 0, 1)).toBe(false);
  // Below and above there is nothing.
  expect(at(-1_000, -400, 1)).toBe(true);
  expect(at(-1_000, 0, 0.5)).toBe(false);
});
