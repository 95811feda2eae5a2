// What something depends on and what depends on it, as the catalog declares it, with whom to call for each.
import type { Dependencies, Dependency } from "../api/types";
import { Badge } from "./Badge";
import { ComponentLink, OwnerLink, ServiceLink } from "./links";
import { firstWay, Way } from "./OwnerCard";
import { count } from "./time";
import { VERDICTS } from "./words";

type Props = { known: { dependencies: Dependencies; dependents: Dependencies } };

export function Depends({ known }: Props) {
  return (
    <>
      <section aria-label="Depends on">
        <h2>Depends on</h2>
        <List of={known.dependencies} none="The catalog declares nothing that it depends on." />
      </section>
      <section aria-label="Depended on by">
        <h2>Depended on by</h2>
        <List of={known.dependents} none="Nothing in the catalog declares that it depends on it." />
      </section>
    </>
  );
}

function List({ of, none }: { of: Dependencies; none: string }) {
  if (of.items.length === 0) {
    return <p className="quiet">{none}</p>;
  }
  const hidden = of.total - of.items.length;
  return (
    <>
      <ul className="depends">
        {of.items.map((item) => (
          <li key={item.ref}>
            <One item={item} />
          </li>
        ))}
      </ul>
      {hidden > 0 ? <p className="quiet">{count(hidden)} more are not shown.</p> : null}
    </>
  );
}

function One({ item }: { item: Dependency }) {
  const hidden = item.services_total - item.services.length;
  const verdict = item.verdict && VERDICTS[item.verdict];
  return (
    <>
      <div>
        <p className="depends-name">
          {item.known ? <ComponentLink of={item.ref} /> : <code>{item.ref}</code>}
          {item.known ? null : (
            <Badge tone="idle" title="Of this reference nothing is known: it is no component that the catalog has">
              not known
            </Badge>
          )}
          {verdict ? (
            <Badge tone={verdict.tone} title={`The component ${verdict.means}`}>
              {verdict.label}
            </Badge>
          ) : null}
        </p>
        {item.services.length > 0 ? (
          <ul className="objects">
            {item.services.map((id) => (
              <li key={id}>
                <ServiceLink id={id} whole />
              </li>
            ))}
            {hidden > 0 ? <li className="quiet">and {count(hidden)} more</li> : null}
          </ul>
        ) : null}
        <p className="quiet depends-why">
          {item.declared.map(({ by, field }) => (
            <span key={`${by} ${field}`}>
              <code>{field}</code> of {by.replace(/^component:(default\/)?/, "")}{" "}
            </span>
          ))}
        </p>
      </div>
      {item.known ? <Whom item={item} /> : null}
    </>
  );
}

/** The owner, and the most direct way to reach them. */
function Whom({ item: { owner } }: { item: Dependency }) {
  if (!owner) {
    return <p className="quiet">no owner whom the catalog knows</p>;
  }
  const way = firstWay(owner);
  return (
    <div className="depends-whom">
      <OwnerLink of={owner.ref}>{owner.display_name}</OwnerLink>
      {way ? <Way contact={way} /> : <span className="quiet">no way to reach them</span>}
    </div>
  );
}
