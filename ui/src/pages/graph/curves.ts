// The curve of an edge: from one side of a box to a side of the other, level at both ends.
import { type Box, HEIGHT, WIDTH } from "./layout";
import { type Area, seen } from "./view";

/** In how many pieces a curve is held against an area. It goes neither back nor up and down, so that each piece is in its corners' box. */
const PIECES = 8;

type Point = { x: number; y: number };

export function ends(a: Box, b: Box): { from: Point; to: Point } {
  const ahead = b.x >= a.x;
  return {
    from: { x: ahead ? a.x + WIDTH : a.x, y: a.y + HEIGHT / 2 },
    to: { x: ahead ? b.x : b.x + WIDTH, y: b.y + HEIGHT / 2 },
  };
}

/** As the path of an SVG. */
export function curve(a: Box, b: Box): string {
  const { from, to } = ends(a, b);
  const middle = (from.x + to.x) / 2;
  return `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
}

/** Whether the curve, or what is written on it, may be seen in the area. What leads far passes many windows that it is not seen in. */
export function passes(area: Area, a: Box, b: Box): boolean {
  const { from, to } = ends(a, b);
  const at = (t: number): Point => ({
    x: from.x + (to.x - from.x) * (1.5 * t - 1.5 * t ** 2 + t ** 3),
    y: from.y + (to.y - from.y) * (3 * t ** 2 - 2 * t ** 3),
  });
  let last = from;
  for (let piece = 1; piece <= PIECES; piece += 1) {
    const next = at(piece / PIECES);
    const [left, right] = [Math.min(last.x, next.x), Math.max(last.x, next.x)];
    const [top, bottom] = [Math.min(last.y, next.y), Math.max(last.y, next.y)];
    if (seen(area, left - WIDTH / 4, top - HEIGHT / 4, right + WIDTH / 4, bottom + HEIGHT / 4)) {
      return true;
    }
    last = next;
  }
  return false;
}
