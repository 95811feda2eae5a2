// Whose a node is, and the colour that stands for it. Colour is never alone: the owner is written on the node as well.
import { shortReference } from "../../api/paths";
import type { GraphNode } from "../../api/types";

/** How many colours there are; `tokens.css` has them. */
export const COLOURS = 10;

/** A colour for each owner. One keeps its colour from graph to graph, unless another of the same graph has it already. */
export function colours(owners: string[]): Map<string, number> {
  const given = new Map<string, number>();
  for (const owner of [...new Set(owners)].sort()) {
    const wanted = hash(owner) % COLOURS;
    const taken = new Set(given.values());
    let colour = wanted;
    for (let step = 0; step < COLOURS && taken.has(colour); step += 1) {
      colour = (wanted + step + 1) % COLOURS;
    }
    given.set(owner, colour);
  }
  return given;
}

function hash(text: string): number {
  let sum = 2_166_136_261;
  for (const letter of text) {
    sum = Math.imul(sum ^ letter.codePointAt(0)!, 16_777_619) >>> 0;
  }
  return sum;
}

/** Under which a node stands in the legend: its owner, or why it has none. */
export function group(node: GraphNode): string {
  if (node.owner) {
    return node.owner;
  }
  if (node.shared) {
    return "shared";
  }
  return node.kind === "Node" ? "node" : "nobody";
}

export const WITHOUT: Record<string, string> = {
  nobody: "no owner",
  shared: "several owners",
  node: "Nodes of the cluster",
};

export function whose(node: GraphNode): string {
  return node.owner_name ?? (node.owner ? shortReference(node.owner) : WITHOUT[group(node)]!);
}
