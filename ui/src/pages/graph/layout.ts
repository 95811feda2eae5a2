// Where everything of a graph stands: a pure function of its nodes and edges, cut into parts that are laid out one by one.
//
// Layered layout costs more than in proportion, so what hangs together is kept small: where a graph is large, what many things
// lead to (a Node of the cluster, an Ingress before everything) stands in a column of its own and holds no parts together.
import { Graph as Dagre, layout as dagre } from "@dagrejs/dagre";

export type Thing = { id: string; kind: string; owner: string };
export type Line = { from: string; to: string };
export type Box = { id: string; x: number; y: number };
export type Drawing = { boxes: Map<string, Box>; width: number; height: number };

export const WIDTH = 208;
export const HEIGHT = 74;
const GAP = { node: 22, rank: 76, part: 46 };

/** Up to so many nodes are laid out as a whole. */
const WHOLE = 150;
/** What so many lead to, or more, holds no parts together. */
const HUB = 10;
/** A part with more nodes than these stands in columns by kind. */
const LAYERED = 250;
/** How long laying out may go on before the page gets its turn, in milliseconds. */
const SLICE = 12;

type Part = { width: number; height: number; at: Map<string, Place> };

/** Lays a graph out; in between, `rest` is waited for, so that the page goes on. */
export async function layOut(
  things: Thing[],
  lines: Line[],
  rest: () => Promise<void> = pause,
  now: () => number = () => performance.now(),
): Promise<Drawing> {
  const neighbours = new Map<string, Set<string>>(things.map(({ id }) => [id, new Set()]));
  const leaving = new Map<string, Line[]>();
  for (const line of lines) {
    neighbours.get(line.from)?.add(line.to);
    neighbours.get(line.to)?.add(line.from);
    leaving.set(line.from, [...(leaving.get(line.from) ?? []), line]);
  }
  const isHub = (id: string) => things.length > WHOLE && (neighbours.get(id)?.size ?? 0) >= HUB;
  const [hubs, others] = split(things, ({ id }) => isHub(id));
  const parts: Part[] = [];
  const looks = new Map<string, Place[]>();
  let since = now();
  for (const part of connected(others, neighbours, isHub)) {
    const ids = new Set(part.map(({ id }) => id));
    const inside = part.flatMap(({ id }) => leaving.get(id) ?? []).filter(({ to }) => ids.has(to));
    parts.push(part.length > LAYERED ? inColumns(part) : layered(part, inside, looks));
    if (now() - since > SLICE) {
      await rest();
      since = now();
    }
  }
  return pack(parts, hubs);
}

const pause = () => new Promise<void>((done) => window.setTimeout(done, 0));

function split<T>(all: T[], test: (one: T) => boolean): [T[], T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}

/** What hangs together without what is left out, those of one owner beside each other. */
function connected(things: Thing[], neighbours: Map<string, Set<string>>, leftOut: (id: string) => boolean): Thing[][] {
  const known = new Map(things.map((thing) => [thing.id, thing]));
  const parts: Thing[][] = [];
  for (const { id } of things) {
    const first = known.get(id);
    if (!first) {
      continue;
    }
    known.delete(id);
    const part = [first];
    for (let at = 0; at < part.length; at += 1) {
      for (const other of neighbours.get(part[at]!.id) ?? []) {
        const thing = known.get(other);
        if (thing && !leftOut(other)) {
          known.delete(other);
          part.push(thing);
        }
      }
    }
    parts.push(part);
  }
  const owner = (part: Thing[]) => part.find((thing) => thing.owner !== "")?.owner ?? "";
  return parts
    .map((part, at) => ({ part, at, owner: owner(part) }))
    .sort((a, b) => (a.owner === b.owner ? a.at - b.at : a.owner < b.owner ? -1 : 1))
    .map(({ part }) => part);
}

type Place = { x: number; y: number };

/** Laid out by layers. Most parts look like others (a Service, its component, a workload, pods): each look is laid out once. */
function layered(things: Thing[], lines: Line[], looks: Map<string, Place[]>): Part {
  // By owner, so that those of one stand together where the edges leave a choice.
  const text = ({ owner, kind, id }: Thing) => [owner, kind, id].join("\n");
  const sorted = [...things].sort((a, b) => (text(a) < text(b) ? -1 : 1));
  const places = new Map(sorted.map(({ id }, place) => [id, place]));
  const pairs = lines.map(({ from, to }) => [places.get(from)!, places.get(to)!] as const);
  pairs.sort(([a, b], [c, d]) => a - c || b - d);
  const look = `${sorted.length} ${pairs.join(" ")}`;
  let laid = looks.get(look);
  if (!laid) {
    const graph = new Dagre();
    graph.setGraph({ rankdir: "LR", nodesep: GAP.node, ranksep: GAP.rank, marginx: 0, marginy: 0 });
    graph.setDefaultEdgeLabel(() => ({}));
    sorted.forEach((_, place) => graph.setNode(String(place), { width: WIDTH, height: HEIGHT }));
    pairs.forEach(([from, to]) => graph.setEdge(String(from), String(to)));
    dagre(graph);
    laid = sorted.map((_, place) => {
      const { x, y } = graph.node(String(place)) as Place;
      return { x: x - WIDTH / 2, y: y - HEIGHT / 2 };
    });
    looks.set(look, laid);
  }
  return measured(new Map(sorted.map(({ id }, place) => [id, laid[place]!])));
}

const COLUMNS = ["Ingress", "HTTPRoute", "GRPCRoute", "Component", "Service", "HorizontalPodAutoscaler"];
const LAST = ["Pods", "Pod", "PersistentVolumeClaim", "Node"];

/** From what leads to a Service to what it runs on. */
function column(kind: string): number {
  if (kind === "Service") {
    return 1;
  }
  if (COLUMNS.includes(kind)) {
    return 0;
  }
  return LAST.includes(kind) ? (kind === "Node" ? 4 : 3) : 2;
}

function inColumns(things: Thing[]): Part {
  const at = new Map<string, Place>();
  const tall = Math.ceil(Math.sqrt(things.length) * 2);
  const columns = [0, 1, 2, 3, 4].map((wanted) => things.filter(({ kind }) => column(kind) === wanted));
  let x = 0;
  for (const members of columns) {
    const sorted = [...members].sort((a, b) => (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0));
    for (const [place, { id }] of sorted.entries()) {
      at.set(id, {
        x: x + Math.floor(place / tall) * (WIDTH + GAP.node),
        y: (place % tall) * (HEIGHT + GAP.node),
      });
    }
    x += Math.ceil(sorted.length / tall) * (WIDTH + GAP.node) + (sorted.length > 0 ? GAP.rank : 0);
  }
  return measured(at);
}

function measured(at: Map<string, Place>): Part {
  let width = 0;
  let height = 0;
  for (const { x, y } of at.values()) {
    width = Math.max(width, x + WIDTH);
    height = Math.max(height, y + HEIGHT);
  }
  return { width, height, at };
}

/** Parts in rows, about as wide as high; what was left out stands before or behind them. */
function pack(parts: Part[], hubs: Thing[]): Drawing {
  const area = parts.reduce((sum, { width, height }) => sum + (width + GAP.part) * (height + GAP.part), 0);
  const room = Math.max(Math.sqrt(area * 1.6), ...parts.map(({ width }) => width));
  const boxes = new Map<string, Box>();
  const [behind, before] = split(hubs, ({ kind }) => column(kind) >= 3);
  const left = before.length > 0 ? WIDTH + GAP.rank * 2 : 0;
  let x = 0;
  let y = 0;
  let row = 0;
  let widest = 0;
  for (const part of parts) {
    if (x > 0 && x + part.width > room) {
      x = 0;
      y += row + GAP.part;
      row = 0;
    }
    for (const [id, place] of part.at) {
      boxes.set(id, { id, x: left + x + place.x, y: y + place.y });
    }
    x += part.width + GAP.part;
    widest = Math.max(widest, x - GAP.part);
    row = Math.max(row, part.height);
  }
  let height = y + row;
  const right = left + widest + GAP.rank * 2;
  for (const [standing, from] of [
    [before, 0],
    [behind, right],
  ] as const) {
    const step = Math.max(HEIGHT + GAP.node, standing.length > 0 ? height / standing.length : 0);
    standing.forEach(({ id }, place) => boxes.set(id, { id, x: from, y: place * step }));
    height = Math.max(height, (standing.length - 1) * step + HEIGHT);
  }
  return { boxes, width: behind.length > 0 ? right + WIDTH : left + widest, height };
}
