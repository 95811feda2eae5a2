// What was chosen in the graph: what it is, whose, whom to call, and where to go from it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { owner } from "../../api/queries";
import type { Graph, GraphNode } from "../../api/types";
import { ComponentLink, OwnerLink, ServiceLink } from "../../parts/links";
import { Contacts } from "../../parts/OwnerCard";
import { EDGES, some } from "./kinds";
import { swatch } from "./Legend";
import { group, whose } from "./owners";

/** How many edges are told of. */
const TOLD = 12;

type Props = { node: GraphNode; graph: Graph; palette: Map<string, number>; close: () => void };

export function Chosen({ node, graph, palette, close }: Props) {
  const service = node.kind === "Service" ? `${node.place}/${node.name}` : undefined;
  const names = new Map(graph.nodes.map(({ id, kind, name }) => [id, `${kind} ${name}`]));
  const edges = graph.edges.filter(({ from, to }) => from === node.id || to === node.id);
  const hidden = graph.hidden.filter(({ around }) => around === node.id);
  const inNamespace = !["Component", "Node"].includes(node.kind);
  return (
    <aside className="card graph-panel" aria-label="What is chosen">
      <p className="panel-head">
        <span className="quiet">{node.count ? some(node.count, "Pod") : node.kind}</span>
        <button type="button" className="icon-button" aria-label="Close" onClick={close}>
          <span aria-hidden="true">×</span>
        </button>
      </p>
      <h2>
        {service ? (
          <ServiceLink id={service} />
        ) : node.ref ? (
          <ComponentLink of={node.ref}>{node.name}</ComponentLink>
        ) : (
          node.name
        )}
      </h2>
      <p className="quiet name">{node.place}</p>
      <p>
        <span className={`swatch ${swatch(group(node), palette)}`} aria-hidden="true" />{" "}
        {node.owner ? <OwnerLink of={node.owner}>{whose(node)}</OwnerLink> : whose(node)}
      </p>
      {node.owner ? <HowToReach owner={node.owner} /> : null}
      <div className="actions">
        {service && service !== graph.focus ? <Focus on={service}>Focus here</Focus> : null}
        {node.owner && node.owner !== graph.focus ? <Focus on={node.owner}>Focus its owner</Focus> : null}
        {inNamespace && `namespace:${node.place}` !== graph.focus ? (
          <Focus on={`namespace:${node.place}`}>Focus its namespace</Focus>
        ) : null}
      </div>
      <ul className="panel-edges">
        {edges.slice(0, TOLD).map(({ from, to, kind }) => (
          <li key={`${from} ${kind} ${to}`}>
            {from === node.id ? `${EDGES[kind]} ${names.get(to)}` : `${names.get(from)} ${EDGES[kind]} it`}
          </li>
        ))}
        {edges.length > TOLD ? <li className="quiet">and {edges.length - TOLD} more</li> : null}
        {hidden.map(({ kind, why, count }) => (
          <li key={`${kind} ${why}`} className="quiet">
            not shown: {some(count, kind)}
            {why === "limit" ? " (nodes enough)" : " (one step farther)"}
          </li>
        ))}
      </ul>
    </aside>
  );
}

function Focus({ on, children }: { on: string; children: string }) {
  return (
    <Link to="/graph" search={(now) => ({ depth: now.depth, focus: on })} className="button small">
      {children}
    </Link>
  );
}

function HowToReach({ owner: reference }: { owner: string }) {
  const answer = useQuery(owner(reference));
  const known = answer.data?.items[0];
  return known ? <Contacts owner={known} /> : null;
}
