// How a node and an edge are drawn: with words where they can be read, and from afar as shapes and colours.
import { memo } from "react";
import type { Graph, GraphNode } from "../../api/types";
import { curve, ends } from "./curves";
import { EDGES, sign, some } from "./kinds";
import { type Box, HEIGHT, WIDTH } from "./layout";
import { whose } from "./owners";

type Line = Graph["edges"][number];

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

export const NodeBox = memo(function NodeBox({
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

export const EdgeLine = memo(function EdgeLine({ a, b, kind, readable, touched }: EdgeProps) {
  const { from, to } = ends(a, b);
  return (
    <g className={`edge ${kind}${touched ? " touched" : ""}`}>
      <path d={curve(a, b)} markerEnd={readable ? "url(#arrow)" : undefined} />
      {readable && (touched || Math.abs(to.x - from.x) < 2 * WIDTH) ? (
        <text x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 5} textAnchor="middle">
          {kind === "leads-to" ? "leads to" : EDGES[kind]}
        </text>
      ) : null}
    </g>
  );
});

/** Edges of a kind that one path draws from afar: fewer elements, and none that is slow to draw. */
const BUNDLE = 100;

/** All edges as they are seen from afar: of a kind, many in one path. */
export const Bundles = memo(function Bundles({ lines, boxes }: { lines: Line[]; boxes: Map<string, Box> }) {
  const curves = new Map<string, string[]>();
  for (const { from, to, kind } of lines) {
    const known = curves.get(kind) ?? [];
    known.push(curve(boxes.get(from)!, boxes.get(to)!));
    curves.set(kind, known);
  }
  return [...curves].map(([kind, all]) => (
    <g key={kind} className={`edge ${kind}`}>
      {Array.from({ length: Math.ceil(all.length / BUNDLE) }, (_, at) => (
        <path key={at} d={all.slice(at * BUNDLE, (at + 1) * BUNDLE).join("")} />
      ))}
    </g>
  ));
});

function cut(text: string, length: number): string {
  const letters = [...text];
  return letters.length > length ? `${letters.slice(0, length - 1).join("")}…` : text;
}
