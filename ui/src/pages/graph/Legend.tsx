// Whose colour is which; one may be marked, so that what is theirs stands out.
import type { Graph } from "../../api/types";
import { shortReference } from "../../api/paths";
import { count } from "../../parts/time";
import { group, WITHOUT } from "./owners";

/** How many owners are named before the rest is folded away. */
const NAMED = 12;

type Props = {
  graph: Graph;
  palette: Map<string, number>;
  mark: string | undefined;
  change: (mark: string | undefined) => void;
};

export function Legend({ graph, palette, mark, change }: Props) {
  const groups = new Map<string, { name: string; count: number }>();
  for (const node of graph.nodes) {
    const key = group(node);
    const known = groups.get(key);
    const name = WITHOUT[key] ?? node.owner_name ?? shortReference(key);
    groups.set(key, { name, count: (known?.count ?? 0) + 1 });
  }
  // Those without an owner first: they are what one looks for.
  const all = [...groups].sort(
    ([a, one], [b, other]) => Number(b === "nobody") - Number(a === "nobody") || other.count - one.count,
  );
  const entry = ([key, { name, count: many }]: (typeof all)[number]) => (
    <li key={key}>
      <button
        type="button"
        className="legend-entry"
        aria-pressed={mark === key}
        onClick={() => change(mark === key ? undefined : key)}
      >
        <span className={`swatch ${swatch(key, palette)}`} aria-hidden="true" />
        {name} <span className="quiet">{count(many)}</span>
      </button>
    </li>
  );
  return (
    <div className="legend">
      <ul aria-label="Owners">{all.slice(0, NAMED).map(entry)}</ul>
      {graph.edges.some(({ kind }) => kind === "depends-on") ? (
        <p className="legend-edges quiet">
          <svg width="36" height="8" className="edge depends-on" aria-hidden="true">
            <path d="M0 4h36" />
          </svg>{" "}
          depends on, as the catalog declares it
        </p>
      ) : null}
      {all.length > NAMED ? (
        <details>
          <summary>{count(all.length - NAMED)} more</summary>
          <ul aria-label="More owners">{all.slice(NAMED).map(entry)}</ul>
        </details>
      ) : null}
    </div>
  );
}

/** The class that has its colour. */
export function swatch(key: string, palette: Map<string, number>): string {
  const colour = palette.get(key);
  return colour === undefined ? `of-${key}` : `owner-${colour}`;
}
