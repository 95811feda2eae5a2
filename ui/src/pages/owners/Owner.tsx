// A team, or a person: how they are reached, who is in it, and all that it owns.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { ownedServices, owner } from "../../api/queries";
import type { OwnerDetail, ServiceRow } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { CopyButton } from "../../parts/CopyButton";
import { History } from "../../parts/History";
import { ComponentLink, OwnerLink, ServiceLink } from "../../parts/links";
import { More } from "../../parts/More";
import { Contacts } from "../../parts/OwnerCard";
import { Empty } from "../../parts/States";
import { count, counted } from "../../parts/time";

const route = getRouteApi("/owners/$ref");

export function Owner() {
  const { ref } = route.useParams();
  const answer = useQuery(owner(ref));
  return (
    <>
      {answer.isError ? <h1>{ref}</h1> : null}
      <Answer of={answer} rows={8}>
        {({ items }) => (
          <>
            {items.map((known) => (
              <Person key={known.instance} known={known} />
            ))}
            <section aria-labelledby="owns">
              <Owned reference={ref} group={items.some(({ kind }) => kind === "Group")} />
            </section>
            <section aria-labelledby="past">
              <h2 id="past">The past</h2>
              <History of={{ owner: ref }} none="Nothing came to it, and nothing went." />
            </section>
          </>
        )}
      </Answer>
    </>
  );
}

function Person({ known }: { known: OwnerDetail }) {
  return (
    <>
      <div className="page-head">
        <p className="path">
          <Link to="/owners">Owners</Link>
          {known.parent ? (
            <>
              {" "}
              › <OwnerLink of={known.parent} />
            </>
          ) : null}
        </p>
        <div className="title">
          <h1>{known.display_name}</h1>
          <span className="grow" />
          <CopyButton text={known.ref} label="Copy the reference" />
          <Link to="/graph" search={{ focus: known.ref }} className="button">
            As a graph
          </Link>
          <Link to="/components" search={{ owner: known.ref }} className="button">
            Its components
          </Link>
        </div>
        <p className="quiet">
          {known.kind} <code>{known.ref}</code> of catalog {known.instance}
        </p>
      </div>
      <Contacts owner={known} />
      <People title="Groups below it" of={known.children} />
      <People title="Members" of={known.members} />
    </>
  );
}

function People({ title, of }: { title: string; of: string[] }) {
  if (of.length === 0) {
    return null;
  }
  return (
    <section aria-label={title}>
      <h3>
        {title} <span className="quiet">{count(of.length)}</span>
      </h3>
      <ul className="users">
        {of.map((reference) => (
          <li key={reference}>
            <OwnerLink of={reference} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Owned({ reference, group }: { reference: string; group: boolean }) {
  const [below, setBelow] = useState(true);
  const list = useInfiniteQuery(ownedServices(reference, group && below));
  const total = list.data?.pages[0]?.total;
  return (
    <>
      <h2 id="owns">Owns {total === undefined ? null : <span className="quiet">{counted(total, "Service")}</span>}</h2>
      {group ? (
        <label className="check">
          <input type="checkbox" checked={below} onChange={(event) => setBelow(event.target.checked)} /> with what the
          groups below it own
        </label>
      ) : null}
      <Answer of={list}>
        {({ pages }) =>
          total === 0 ? (
            <Empty title="It owns no Service">
              Its{" "}
              <Link to="/components" search={{ owner: reference }}>
                components
              </Link>{" "}
              may say why.
            </Empty>
          ) : (
            <>
              <OwnedTable rows={pages.flatMap((page) => page.items)} />
              <More of={list} />
            </>
          )
        }
      </Answer>
    </>
  );
}

function OwnedTable({ rows }: { rows: ServiceRow[] }) {
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">Component</th>
          <th scope="col">Owner</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td>
              <ServiceLink id={row.id} whole />
            </td>
            <td>{row.component ? <ComponentLink of={row.component} /> : null}</td>
            <td>{row.owner ? <OwnerLink of={row.owner} /> : null}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
