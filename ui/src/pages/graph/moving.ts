// Moving the drawing by mouse, touch and wheel. A move sets where the drawing stands and nothing else; what is drawn follows later.
import { startTransition, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type Area, area, inside, type Size, type View, zoom } from "./view";

/** How long nothing moves until the drawing is drawn for where it is now, in milliseconds. */
const REST = 150;
/** The same while something comes into the window that is not drawn. */
const SOON = 40;
/** How much is drawn around the window, of its width and height. */
const AROUND = 0.25;
/** A press that moved less than this is a click, in pixels. */
const STILL = 5;

type Drawn = { view: View; area: Area };

export type Looking = {
  /** The group that holds the drawing. */
  group: React.RefObject<SVGGElement | null>;
  /** What is drawn, and for which view. */
  drawn: Drawn;
  /** Where one looks now. */
  view: () => View;
  go: (view: View) => void;
};

/**
 * Where one looks. React draws a large graph in tens of milliseconds, which is too much for each step of a wheel: a step sets one
 * attribute, and React draws once the move rests, or when it leaves what is drawn.
 */
export function useLooking(begun: View, size: Size, whole: Area): Looking {
  const group = useRef<SVGGElement>(null);
  // As it begins, until it is moved.
  const moved = useRef<View>(undefined);
  const [settled, setSettled] = useState<View>();
  const timer = useRef({ id: 0, due: Infinity });
  const drawn = useMemo(() => {
    const view = settled ?? begun;
    return { view, area: area(view, size, AROUND) };
  }, [settled, begun, size]);
  const known = useRef({ begun, size, whole, drawn });
  known.current = { begun, size, whole, drawn };

  const view = useCallback(() => moved.current ?? known.current.begun, []);
  const settle = useCallback(() => {
    timer.current.due = Infinity;
    // Whoever goes on moving meanwhile does not wait for it.
    startTransition(() => setSettled(moved.current));
  }, []);
  const go = useCallback(
    (view: View) => {
      moved.current = view;
      place(group.current, view);
      const { size, whole, drawn } = known.current;
      const isDrawn = inside(area(view, size), drawn.area, whole);
      const due = performance.now() + (isDrawn ? REST : SOON);
      if (isDrawn || due < timer.current.due) {
        window.clearTimeout(timer.current.id);
        timer.current = { id: window.setTimeout(settle, isDrawn ? REST : SOON), due };
      }
    },
    [settle],
  );
  useLayoutEffect(() => place(group.current, moved.current ?? begun), [begun]);
  useEffect(() => () => window.clearTimeout(timer.current.id), []);
  return { group, drawn, view, go };
}

function place(group: SVGGElement | null, { x, y, scale }: View): void {
  group?.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
}

/** Pushing by one pointer, zooming by two or by the wheel. */
export function useMoving(frame: React.RefObject<HTMLDivElement | null>, { view, go }: Looking) {
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const far = useRef(0);

  useEffect(() => {
    const element = frame.current;
    function turn(event: WheelEvent): void {
      // The page does not move with it, which a handler of React's could not prevent.
      event.preventDefault();
      const box = element!.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      go(zoom(view(), Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), at));
    }
    element?.addEventListener("wheel", turn, { passive: false });
    return () => element?.removeEventListener("wheel", turn);
  }, [frame, view, go]);

  const moved = useCallback(() => far.current >= STILL, []);

  function move(event: React.PointerEvent): void {
    const before = pointers.current.get(event.pointerId);
    if (!before) {
      return;
    }
    const to = { x: event.clientX, y: event.clientY };
    pointers.current.set(event.pointerId, to);
    far.current += Math.abs(to.x - before.x) + Math.abs(to.y - before.y);
    if (far.current < STILL) {
      return;
    }
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const box = frame.current!.getBoundingClientRect();
      const apart = (one: { x: number; y: number }) => Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
      const at = { x: (to.x + other.x) / 2 - box.left, y: (to.y + other.y) / 2 - box.top };
      go(zoom(view(), apart(to) / apart(before), at));
    } else {
      const { x, y, scale } = view();
      go({ x: x + to.x - before.x, y: y + to.y - before.y, scale });
    }
  }

  function lift(event: React.PointerEvent): void {
    pointers.current.delete(event.pointerId);
  }

  return {
    moved,
    handlers: {
      onPointerDown: (event: React.PointerEvent) => {
        if (pointers.current.size === 0) {
          far.current = 0;
        }
        pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      },
      onPointerMove: move,
      onPointerUp: lift,
      onPointerLeave: lift,
      onPointerCancel: lift,
    },
  };
}
