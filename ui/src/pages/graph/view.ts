// What part of the drawing is looked at, and how it moves: plain numbers, so that it can be tested.
import { type Box, type Drawing, HEIGHT, WIDTH } from "./layout";

export type View = { x: number; y: number; scale: number };
export type Size = { width: number; height: number };
/** A part of the drawing, in its own measure. */
export type Area = { left: number; top: number; right: number; bottom: number };

export const NEAREST = 2;
export const FARTHEST = 0.02;
/** Below this nothing can be read, and only shapes and colours are drawn. */
export const READABLE = 0.42;

const MARGIN = 24;
/** The width of a phone's window, and a scale that is read with ease there. */
const NARROW = 600;
const EASY = 0.75;

/** All of it; a small graph is not blown up. */
export function fit(drawing: Drawing, size: Size): View {
  const scale = Math.min(
    1,
    (size.width - 2 * MARGIN) / Math.max(drawing.width, 1),
    (size.height - 2 * MARGIN) / Math.max(drawing.height, 1),
  );
  const kept = clamp(scale);
  return {
    scale: kept,
    x: (size.width - drawing.width * kept) / 2,
    y: (size.height - drawing.height * kept) / 2,
  };
}

/** How it is first seen: all of it, but in a narrow window only so much of it that it can be read, with that box in the middle. */
export function begin(drawing: Drawing, size: Size, box: Box): View {
  const whole = fit(drawing, size);
  if (size.width >= NARROW || whole.scale >= EASY) {
    return whole;
  }
  return {
    scale: EASY,
    x: size.width / 2 - (box.x + WIDTH / 2) * EASY,
    y: size.height / 2 - (box.y + HEIGHT / 2) * EASY,
  };
}

/** Nearer or farther, with the point of the window kept where it is. */
export function zoom(view: View, factor: number, at: { x: number; y: number }): View {
  const scale = clamp(view.scale * factor);
  const grown = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * grown, y: at.y - (at.y - view.y) * grown };
}

/** So that the box is in the window, moved no more than that takes. */
export function reveal(view: View, box: Box, size: Size): View {
  const within = (start: number, length: number, room: number) => {
    if (start < MARGIN) {
      return MARGIN - start;
    }
    const over = start + length - (room - MARGIN);
    return over > 0 ? -Math.min(over, start - MARGIN) : 0;
  };
  return {
    ...view,
    x: view.x + within(box.x * view.scale + view.x, WIDTH * view.scale, size.width),
    y: view.y + within(box.y * view.scale + view.y, HEIGHT * view.scale, size.height),
  };
}

/** What of the drawing is in the window, and as much around it as this part of the window's width and height. */
export function area(view: View, size: Size, around = 0): Area {
  const [aside, above] = [(size.width * around) / view.scale, (size.height * around) / view.scale];
  const [left, top] = [-view.x / view.scale, -view.y / view.scale];
  return {
    left: left - aside,
    top: top - above,
    right: left + size.width / view.scale + aside,
    bottom: top + size.height / view.scale + above,
  };
}

/** Whether any of it is in the area. */
export function seen(area: Area, left: number, top: number, right: number, bottom: number): boolean {
  return right > area.left && left < area.right && bottom > area.top && top < area.bottom;
}

/** Whether an area is in another, as far as there is anything at all. */
export function inside(area: Area, other: Area, whole: Area): boolean {
  return (
    (other.left <= whole.left || area.left >= other.left) &&
    (other.top <= whole.top || area.top >= other.top) &&
    (other.right >= whole.right || area.right <= other.right) &&
    (other.bottom >= whole.bottom || area.bottom <= other.bottom)
  );
}

/** The nearest box in that direction: what is straight ahead counts as nearer. */
export function beside(boxes: Iterable<Box>, from: Box, dx: number, dy: number): Box | undefined {
  let best: Box | undefined;
  let least = Infinity;
  for (const box of boxes) {
    const ahead = (box.x - from.x) * dx + (box.y - from.y) * dy;
    const aside = Math.abs((box.x - from.x) * dy) + Math.abs((box.y - from.y) * dx);
    if (ahead > 1 && ahead + 3 * aside < least) {
      least = ahead + 3 * aside;
      best = box;
    }
  }
  return best;
}

function clamp(scale: number): number {
  return Math.min(NEAREST, Math.max(FARTHEST, scale));
}
