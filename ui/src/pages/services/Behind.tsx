// Workloads, pods, what leads to them and what they run on.
import type { Related, ServiceDetail, WorkloadRow } from "../../api/types";
import { count } from "../../parts/time";

/** How many of a kind are shown before they are unfolded. */
const FOLDED = 8;

export function Behind({ known }: { known: ServiceDetail }) {
  const kinds = Map.groupBy(known.workloads, ({ kind }) => kind);
  const parts: [string, WorkloadRow[], number][] = [
    ["In front of it", known.in_front.items, known.in_front.total],
    ...[...kinds].map(([kind, items]): [string, WorkloadRow[], number] => [kind, items, items.length]),
    ["Autoscalers", ...both(known.autoscalers)],
    ["Claims", ...both(known.claims)],
    ["Nodes", ...both(known.nodes)],
  ];
  const shown = parts.filter(([, items]) => items.length > 0);
  if (shown.length === 0) {
    return <p className="quiet">Nothing: it selects no pod, and nothing leads to it.</p>;
  }
  const hidden = known.workloads_total - known.workloads.length;
  return (
    <>
      {shown.map(([title, items, total]) => (
        <div key={title} className="behind">
          <h3>
            {title} <span className="quiet">{count(total)}</span>
          </h3>
          <Objects items={items.slice(0, FOLDED)} />
          {items.length > FOLDED ? (
            <details>
              <summary>{count(items.length - FOLDED)} more</summary>
              <Objects items={items.slice(FOLDED)} />
            </details>
          ) : null}
        </div>
      ))}
      {hidden > 0 ? <p className="quiet">{count(hidden)} more workloads and pods are not shown.</p> : null}
    </>
  );
}

function both({ items, total }: Related): [WorkloadRow[], number] {
  return [items, total];
}

function Objects({ items }: { items: WorkloadRow[] }) {
  return (
    <ul className="objects">
      {items.map((item) => (
        <li key={`${item.kind} ${item.namespace}/${item.name}`}>
          <code>{item.name}</code>
          {item.node ? <span className="quiet"> on {item.node}</span> : null}
        </li>
      ))}
    </ul>
  );
}
