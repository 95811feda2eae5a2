// The drawing: only what is in the window and around it is drawn, and from afar only shapes and colours.
import { memo, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Graph } from "../../api/types";
import { passes } from "./curves";
import { some } from "./kinds";
import { type Drawing, HEIGHT, WIDTH } from "./layout";
import { swatch } from "./Legend";
import { useLooking, useMoving } from "./moving";
import { group } from "./owners";
import { Bundles, EdgeLine, NodeBox } from "./shapes";
import { type Area, begin, beside, fit, READABLE, reveal, seen, type Size, type View, zoom } from "./view";

const STEP = 1.25;
/** How far a key pushes the drawing, in pixels. */
const PUSH = 80;

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
  const [current, setCurrent] = useState(graph.nodes[0]!.id);
  const first = drawing.boxes.get(graph.nodes[0]!.id)!;
  const here = drawing.boxes.get(current) ?? first;
  const begun = useMemo(() => begin(drawing, size, first), [drawing, size, first]);
  const whole = useMemo(() => ({ left: 0, top: 0, right: drawing.width, bottom: drawing.height }), [drawing]);
  const looking = useLooking(begun, size, whole);
  const { drawn, view, go } = looking;
  const { moved, handlers } = useMoving(frame, looking);
  // The same from one picture to the next, so that moving draws nothing anew but what comes into the window.
  const click = useCallback(
    (id: string) => {
      if (!moved()) {
        setCurrent(id);
        choose(id === chosen ? undefined : id);
      }
    },
    [moved, choose, chosen],
  );
  const readable = drawn.view.scale >= READABLE;

  function focus(id: string, how: View): void {
    go(how);
    setCurrent(id);
    // It may not have been drawn yet.
    requestAnimationFrame(() => frame.current?.querySelector<SVGElement>(`[data-id="${CSS.escape(id)}"]`)?.focus());
  }

  const middle = { x: size.width / 2, y: size.height / 2 };
  const nearer = () => go(zoom(view(), STEP, middle));
  const farther = () => go(zoom(view(), 1 / STEP, middle));
  const all = () => go(fit(drawing, size));

  function press(event: React.KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const arrows: Record<string, [number, number]> = {
      ArrowRight: [1, 0],
      ArrowLeft: [-1, 0],
      ArrowDown: [0, 1],
      ArrowUp: [0, -1],
    };
    const arrow = arrows[event.key];
    if (arrow && event.shiftKey) {
      const { x, y, scale } = view();
      go({ x: x - arrow[0] * PUSH, y: y - arrow[1] * PUSH, scale });
    } else if (arrow) {
      const next = beside(drawing.boxes.values(), here, ...arrow);
      if (next) {
        focus(next.id, reveal(view(), next, size));
      }
    } else if (event.key === "+" || event.key === "=") {
      nearer();
    } else if (event.key === "-") {
      farther();
    } else if (event.key === "0") {
      all();
    } else if (event.key === "Escape") {
      choose(undefined);
    } else if (event.key === "Enter" || event.key === " ") {
      choose(here.id);
    } else {
      return;
    }
    event.preventDefault();
  }

  return (
    <div className="graph-frame" ref={frame} {...handlers}>
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
        <g ref={looking.group}>
          <Edges graph={graph} drawing={drawing} area={drawn.area} readable={readable} chosen={chosen} />
          <Nodes
            graph={graph}
            drawing={drawing}
            palette={palette}
            mark={mark}
            area={drawn.area}
            readable={readable}
            chosen={chosen}
            current={here.id}
            click={click}
            enter={setCurrent}
          />
        </g>
      </svg>
      <div className="graph-zoom">
        <button type="button" className="icon-button" aria-label="Nearer" onClick={nearer}>
          <span aria-hidden="true">+</span>
        </button>
        <button type="button" className="icon-button" aria-label="Farther" onClick={farther}>
          <span aria-hidden="true">−</span>
        </button>
        <button type="button" className="icon-button" aria-label="All of it" onClick={all}>
          <span aria-hidden="true">⤢</span>
        </button>
      </div>
    </div>
  );
}

type EdgesProps = Pick<Props, "graph" | "drawing" | "chosen"> & { area: Area; readable: boolean };

/** Near by each edge that is seen, with its arrow and its word; from afar bundles, and what is chosen above them. */
const Edges = memo(function Edges({ graph, drawing, area, readable, chosen }: EdgesProps) {
  return (
    <g aria-hidden="true">
      {readable ? null : <Bundles lines={graph.edges} boxes={drawing.boxes} />}
      {graph.edges.map(({ from, to, kind }) => {
        const touched = chosen === from || chosen === to;
        const [a, b] = [drawing.boxes.get(from)!, drawing.boxes.get(to)!];
        return (readable || touched) && passes(area, a, b) ? (
          <EdgeLine key={`${from} ${kind} ${to}`} a={a} b={b} kind={kind} readable={readable} touched={touched} />
        ) : null;
      })}
    </g>
  );
});

type NodesProps = Omit<Props, "choose"> & {
  area: Area;
  readable: boolean;
  current: string;
  click: (id: string) => void;
  enter: (id: string) => void;
};

const Nodes = memo(function Nodes({
  graph,
  drawing,
  palette,
  mark,
  area,
  readable,
  chosen,
  current,
  click,
  enter,
}: NodesProps) {
  const badges = useMemo(() => hiddenBeside(graph), [graph]);
  return graph.nodes.map((node) => {
    const box = drawing.boxes.get(node.id)!;
    return seen(area, box.x, box.y, box.x + WIDTH, box.y + HEIGHT) || node.id === current ? (
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
        isCurrent={node.id === current}
        click={click}
        enter={enter}
      />
    ) : null;
  });
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

function useSize(frame: React.RefObject<HTMLDivElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 800, height: 500 });
  // Before the first picture, which would otherwise be drawn twice.
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) {
      return;
    }
    setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize({ width, height });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  return size;
}
