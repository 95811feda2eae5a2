// The graph in words, for who cannot see it or would rather read: every edge, and what stands alone.
import { useState } from "react";
import type { Graph, GraphNode } from "../../api/types";
import { count } from "../../parts/time";
import { EDGES, some } from "./kinds";
import { group, whose } from "./owners";

/** Rows that are shown before somebody asks for all. */
const FIRST = 200;

export function EdgeTable({ graph, mark }: { graph: Graph; mark: string | undefined }) {
  const [all, setAll] = useState(false);
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const linked = new Set(graph.edges.flatMap(({ from, to }) => [from, to]));
  const rows: [GraphNode, string, GraphNode | undefined][] = [
    ...graph.edges.map(
      ({ from, kind, to }) => [nodes.get(from)!, EDGES[kind]!, nodes.get(to)] as [GraphNode, string, GraphNode],
    ),
    ...graph.nodes
      .filter(({ id }) => !linked.has(id))
      .map((node) => [node, "stands alone", undefined] as [GraphNode, string, undefined]),
  ].filter(([from, , to]) => !mark || group(from) === mark || (to !== undefined && group(to) === mark));
  return (
    <>
      <div className="graph-table" tabIndex={0} role="region" aria-label="Every edge">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Owner</th>
              <th scope="col">leads</th>
              <th scope="col">where</th>
              <th scope="col">Owner</th>
            </tr>
          </thead>
          <tbody>
            {(all ? rows : rows.slice(0, FIRST)).map(([from, word, to]) => (
              <tr key={`${from.id} ${word} ${to?.id}`}>
                <td>{said(from)}</td>
                <td className="quiet">{whose(from)}</td>
                <td>{word}</td>
                <td>{to ? said(to) : ""}</td>
                <td className="quiet">{to ? whose(to) : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!all && rows.length > FIRST ? (
        <button type="button" className="button" onClick={() => setAll(true)}>
          All {count(rows.length)} rows
        </button>
      ) : null}
    </>
  );
}

function said(node: GraphNode): string {
  return node.kind === "Pods" ? `${some(node.count ?? 0, "Pod")} of ${node.name}` : `${node.kind} ${node.name}`;
}
