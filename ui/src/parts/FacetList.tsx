// What a list can be narrowed by, with how many would be left.
import type { Facet } from "../api/types";
import { count } from "./time";

/** How many values of a facet are shown before they are unfolded. */
const FOLDED = 6;

type Description = { name: string; title: string; show?: (value: string) => string };

type Props = {
  facets: readonly Description[];
  known: Record<string, Facet> | undefined;
  chosen: Record<string, string | undefined>;
  choose: (name: string, value: string | undefined) => void;
};

export function FacetList({ facets, known, chosen, choose }: Props) {
  return (
    <aside className="facets" aria-label="Narrow the list">
      {facets.map((facet) => {
        const values = known?.[facet.name]?.values ?? [];
        const at = chosen[facet.name];
        // What is chosen stays to be taken away, also where nothing is left of it.
        const shown = at && !values.some(({ value }) => value === at) ? [{ value: at, count: 0 }, ...values] : values;
        if (shown.length === 0) {
          return null;
        }
        const items = shown.map((item) => (
          <li key={item.value}>
            <button
              type="button"
              aria-pressed={item.value === at}
              onClick={() => choose(facet.name, item.value === at ? undefined : item.value)}
            >
              <span className="facet-value">{facet.show?.(item.value) ?? item.value}</span>
              <span className="facet-count">{count(item.count)}</span>
            </button>
          </li>
        ));
        return (
          <section key={facet.name} aria-label={facet.title}>
            <h2>{facet.title}</h2>
            <ul>{items.slice(0, FOLDED)}</ul>
            {items.length > FOLDED ? (
              <details>
                <summary>{count(items.length - FOLDED)} more</summary>
                <ul>{items.slice(FOLDED)}</ul>
                {known?.[facet.name]?.more ? <p className="quiet">and rarer ones, by the filter above</p> : null}
              </details>
            ) : null}
          </section>
        );
      })}
    </aside>
  );
}
