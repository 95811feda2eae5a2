// The drawing: only what is in the window is drawn, and from afar only shapes and colours. Moved by mouse, touch and keys.
import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Graph, GraphNode } from "../../api/types";
import { EDGES, sign, some } from "./kinds";
import { type Box, type Drawing, HEIGHT, WIDTH } from "./layout";
import { swatch } from "./Legend";
import { group, whose } from "./owners";
import { begin, beside, fit, READABLE, reveal, seen, type Size, type View, zoom } from "./view";

const STEP = 1.25;
/** How far a key pushes the drawing, in pixels. */
const PUSH = 80;
/** A press that moved less than this is a click, in pixels. */
const STILL = 5;

type Props = {
  graph: Graph;
  drawing: Drawing;
  palette: Map<string, number>;
  mark: string | undefined;
  chosen: string | undefined;
  choose: (id: string | undefined) => void;
};

export function Canvas({ graph, drawing, palette, mark, chosen, choose }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const [view, setView] = useState<View>();
  const [current, setCurrent] = useState(graph.nodes[0]!.id);
  const first = drawing.boxes.get(graph.nodes[0]!.id)!;
  const shown = view ?? begin(drawing, size, first);
  const here = drawing.boxes.get(current) ?? first;
  useEffect(() => setView(undefined), [drawing]);
  const moving = useMoving(frame, shown, setView);
  // The same from one picture to the next, so that moving draws nothing anew but what comes into the window.
  const { moved } = moving;
  const click = useCallback(
    (id: string) => {
      if (!moved()) {
        setCurrent(id);
        choose(id === chosen ? undefined : id);
      }
    },
    [moved, choose, chosen],
  );
  const badges = useMemo(() => hiddenBeside(graph), [graph]);
  const readable = shown.scale >= READABLE;

  function focus(id: string, how: View): void {
    setView(how);
    setCurrent(id);
    // It may not have been drawn yet.
    requestAnimationFrame(() => frame.current?.querySelector<SVGElement>(`[data-id="${CSS.escape(id)}"]`)?.focus());
  }

  function press(event: React.KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const middle = { x: size.width / 2, y: size.height / 2 };
    const arrows: Record<string, [number, number]> = {
      ArrowRight: [1, 0],
      ArrowLeft: [-1, 0],
      ArrowDown: [0, 1],
      ArrowUp: [0, -1],
    };
    const arrow = arrows[event.key];
    if (arrow && event.shiftKey) {
      setView({ ...shown, x: shown.x - arrow[0] * PUSH, y: shown.y - arrow[1] * PUSH });
    } else if (arrow) {
      const next = beside(drawing.boxes.values(), here, ...arrow);
      if (next) {
        focus(next.id, reveal(shown, next, size));
      }
    } else if (event.key === "+" || event.key === "=") {
      setView(zoom(shown, STEP, middle));
    } else if (event.key === "-") {
      setView(zoom(shown, 1 / STEP, middle));
    } else if (event.key === "0") {
      setView(fit(drawing, size));
    } else if (event.key === "Escape") {
      choose(undefined);
    } else if (event.key === "Enter" || event.key === " ") {
      choose(here.id);
    } else {
      return;
    }
    event.preventDefault();
  }

  const middle = { x: size.width / 2, y: size.height / 2 };
  return (
    <div className="graph-frame" ref={frame} {...moving.handlers}>
      <svg
        width={size.width}
        height={size.height}
        role="group"
        aria-label={`Graph of ${graph.nodes.length} nodes. Arrows go from node to node, Enter chooses, plus and minus zoom.`}
        onKeyDown={press}
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="8"
            refY="4"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0l8 4-8 4z" className="arrow" />
          </marker>
        </defs>
        <g transform={`translate(${shown.x} ${shown.y}) scale(${shown.scale})`}>
          <g aria-hidden="true">
            {graph.edges.map(({ from, to, kind }) => {
              const [a, b] = [drawing.boxes.get(from)!, drawing.boxes.get(to)!];
              const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x) + WIDTH];
              const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y) + HEIGHT];
              if (!seen(shown, size, left, top, right, bottom)) {
                return null;
              }
              const touched = chosen === from || chosen === to;
              return (
                <EdgeLine key={`${from} ${kind} ${to}`} a={a} b={b} kind={kind} readable={readable} touched={touched} />
              );
            })}
          </g>
          {graph.nodes.map((node) => {
            const box = drawing.boxes.get(node.id)!;
            const drawn = seen(shown, size, box.x, box.y, box.x + WIDTH, box.y + HEIGHT) || node.id === here.id;
            return drawn ? (
              <NodeBox
                key={node.id}
                node={node}
                box={box}
                colour={swatch(group(node), palette)}
                badge={badges.get(node.id)}
                readable={readable}
                faint={mark !== undefined && group(node) !== mark}
                first={node.depth === 0}
                isChosen={node.id === chosen}
                isCurrent={node.id === here.id}
                click={click}
                enter={setCurrent}
              />
            ) : null;
          })}
        </g>
      </svg>
      <div className="graph-zoom">
        <button
          type="button"
          className="icon-button"
          aria-label="Nearer"
          onClick={() => setView(zoom(shown, STEP, middle))}
        >
          <span aria-hidden="true">+</span>
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Farther"
          onClick={() => setView(zoom(shown, 1 / STEP, middle))}
        >
          <span aria-hidden="true">−</span>
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="All of it"
          onClick={() => setView(fit(drawing, size))}
        >
          <span aria-hidden="true">⤢</span>
        </button>
      </div>
    </div>
  );
}

type NodeProps = {
  node: GraphNode;
  box: Box;
  colour: string;
  badge: string | undefined;
  readable: boolean;
  faint: boolean;
  first: boolean;
  isChosen: boolean;
  isCurrent: boolean;
  click: (id: string) => void;
  enter: (id: string) => void;
};

const NodeBox = memo(function NodeBox({
  node,
  box,
  colour,
  badge,
  readable,
  faint,
  first,
  isChosen,
  isCurrent,
  click,
  enter,
}: NodeProps) {
  const kind = node.kind === "Pods" ? some(node.count ?? 0, "Pod") : node.kind;
  const name = `${kind} ${node.name}, ${whose(node)}${badge ? `, ${badge} not shown` : ""}`;
  const classes = ["node", colour, faint ? "faint" : "", first ? "first" : "", isChosen ? "chosen" : ""];
  return (
    <g
      className={classes.filter(Boolean).join(" ")}
      transform={`translate(${box.x} ${box.y})`}
      onClick={() => click(node.id)}
    >
      <g
        className="node-target"
        role="button"
        aria-label={name}
        aria-pressed={isChosen}
        tabIndex={isCurrent ? 0 : -1}
        data-id={node.id}
        onFocus={() => enter(node.id)}
      >
        <rect className="ground" width={WIDTH} height={HEIGHT} rx={10} />
      </g>
      {/* The label says all of it, also what is cut off here. */}
      <g aria-hidden="true">
        <title>{`${kind} ${node.place}/${node.name}`}</title>
        <rect className="stripe" width={6} height={HEIGHT - 20} x={7} y={10} rx={3} />
        {readable ? (
          <>
            <path className="sign" d={sign(node.kind)} transform="translate(22 11)" />
            <text className="node-name" x={45} y={23}>
              {cut(node.kind === "Pods" ? kind : node.name, 19)}
            </text>
            <text className="node-place" x={22} y={42}>
              {cut(node.kind === "Pods" ? node.name : node.place, 30)}
            </text>
            <text className="node-owner" x={22} y={60}>
              {cut(node.kind === "Node" ? counted(node) : whose(node), 27)}
            </text>
            {badge ? <Badge text={badge} /> : null}
          </>
        ) : null}
      </g>
    </g>
  );
});

/** What hangs on a node and is not shown, on its lower edge. */
function Badge({ text }: { text: string }) {
  const shown = cut(text, 24);
  const width = shown.length * 7 + 16;
  return (
    <g className="node-badge" transform={`translate(${WIDTH - width - 8} ${HEIGHT - 9})`}>
      <rect width={width} height={18} rx={9} />
      <text x={width / 2} y={13} textAnchor="middle">
        {shown}
      </text>
    </g>
  );
}

const counted = (node: GraphNode) => `Node with ${some(node.count ?? 0, "Pod")}`;

type EdgeProps = { a: Box; b: Box; kind: string; readable: boolean; touched: boolean };

const EdgeLine = memo(function EdgeLine({ a, b, kind, readable, touched }: EdgeProps) {
  const ahead = b.x >= a.x;
  const from = { x: ahead ? a.x + WIDTH : a.x, y: a.y + HEIGHT / 2 };
  const to = { x: ahead ? b.x : b.x + WIDTH, y: b.y + HEIGHT / 2 };
  const bend = (to.x - from.x) / 2;
  const path = `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
  return (
    <g className={`edge ${kind}${touched ? " touched" : ""}`}>
      <path d={path} markerEnd={readable ? "url(#arrow)" : undefined} />
      {readable && (touched || Math.abs(to.x - from.x) < 2 * WIDTH) ? (
        <text x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 5} textAnchor="middle">
          {kind === "leads-to" ? "leads to" : EDGES[kind]}
        </text>
      ) : null}
    </g>
  );
});

/** `+37 pods` beside each node that something hangs on which is not shown. */
function hiddenBeside(graph: Graph): Map<string, string> {
  const sums = new Map<string, { count: number; kinds: Set<string> }>();
  for (const { around, kind, count } of graph.hidden) {
    if (around) {
      const sum = sums.get(around) ?? { count: 0, kinds: new Set() };
      sums.set(around, { count: sum.count + count, kinds: sum.kinds.add(kind) });
    }
  }
  return new Map(
    [...sums].map(([id, { count, kinds }]) => {
      const [only, ...others] = kinds;
      return [id, `+${others.length > 0 || !only ? `${count} more` : some(count, only)}`];
    }),
  );
}

function cut(text: string, length: number): string {
  const letters = [...text];
  return letters.length > length ? `${letters.slice(0, length - 1).join("")}…` : text;
}

function useSize(frame: React.RefObject<HTMLDivElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 800, height: 500 });
  useEffect(() => {
    const element = frame.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize({ width, height });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  return size;
}

/** Pushing by one pointer, zooming by two or by the wheel. */
function useMoving(frame: React.RefObject<HTMLDivElement | null>, view: View, setView: (view: View) => void) {
  const now = useRef(view);
  now.current = view;
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const far = useRef(0);

  useEffect(() => {
    const element = frame.current;
    function turn(event: WheelEvent): void {
      // The page does not move with it, which a handler of React's could not prevent.
      event.preventDefault();
      const box = element!.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      setView(zoom(now.current, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), at));
    }
    element?.addEventListener("wheel", turn, { passive: false });
    return () => element?.removeEventListener("wheel", turn);
  }, [frame, setView]);

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
      setView(zoom(now.current, apart(to) / apart(before), at));
    } else {
      setView({ ...now.current, x: now.current.x + to.x - before.x, y: now.current.y + to.y - before.y });
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
