// One Service: whom to call, why it is theirs, what is behind it, and what it was.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { explanation, service } from "../../api/queries";
import type { ServiceDetail } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { Badge } from "../../parts/Badge";
import { CopyButton } from "../../parts/CopyButton";
import { Depends } from "../../parts/Depends";
import { EvidenceTrail } from "../../parts/EvidenceTrail";
import { Fact } from "../../parts/Fact";
import { History } from "../../parts/History";
import { IgnoreService } from "../../parts/IgnoreService";
import { ComponentLink } from "../../parts/links";
import { May } from "../../parts/May";
import { OwnerCard } from "../../parts/OwnerCard";
import { SERVICE_STATES } from "../../parts/words";
import { Behind } from "./Behind";
import { OwnerThen } from "./OwnerThen";
import { PinDialog } from "./PinDialog";

const route = getRouteApi("/services/$cluster/$namespace/$name");

export function Service() {
  const name = route.useParams();
  const { at } = route.useSearch();
  const navigate = useNavigate();
  const answer = useQuery(service(name));
  const id = `${name.cluster}/${name.namespace}/${name.name}`;

  return (
    <>
      <Head name={name} known={answer.data} id={id} />
      <Answer of={answer}>
        {(known) => (
          <div className="columns">
            <div>
              <section aria-labelledby="owner">
                <h2 id="owner">Owner</h2>
                <Owner known={known} />
              </section>
              <section aria-labelledby="why">
                <h2 id="why">Why</h2>
                <Why id={id} />
              </section>
              <Depends known={known} />
              <section aria-labelledby="labels">
                <h2 id="labels">Labels</h2>
                <Labels known={known} />
              </section>
            </div>
            <div>
              <section aria-labelledby="behind">
                <h2 id="behind">What is around it</h2>
                <Behind known={known} />
              </section>
            </div>
          </div>
        )}
      </Answer>
      <section aria-labelledby="past">
        <h2 id="past">The past</h2>
        <OwnerThen
          service={name}
          at={at}
          choose={(time) => void navigate({ to: ".", search: { at: time }, replace: true })}
        />
        <History of={{ service: id }} none="Nothing is recorded." />
      </section>
    </>
  );
}

type Name = { cluster: string; namespace: string; name: string };

function Head({ name, known, id }: { name: Name; known: ServiceDetail | undefined; id: string }) {
  const [decides, setDecides] = useState<"pin" | "ignore">();
  const state = known && SERVICE_STATES[known.state];
  return (
    <div className="page-head">
      <p className="path">
        <Link to="/services">Services</Link> ›{" "}
        <Link to="/services" search={{ cluster: name.cluster }}>
          {name.cluster}
        </Link>{" "}
        ›{" "}
        <Link to="/services" search={{ cluster: name.cluster, namespace: name.namespace }}>
          {name.namespace}
        </Link>
      </p>
      <div className="title">
        <h1>{name.name}</h1>
        {state ? (
          <Badge tone={state.tone} title={state.means}>
            {state.label}
          </Badge>
        ) : null}
        {known?.ignored ? <Badge tone="idle">ignored</Badge> : null}
        <span className="grow" />
        <CopyButton text={id} label="Copy the name" />
        {known ? (
          <>
            <Link to="/graph" search={{ focus: id }} className="button">
              As a graph
            </Link>
            <May role="editor">
              <button type="button" className="button" onClick={() => setDecides("pin")}>
                Pin a component
              </button>
            </May>
            {known.ignored || known.state === "owned" ? null : (
              <May role="editor">
                <button type="button" className="button" onClick={() => setDecides("ignore")}>
                  Ignore
                </button>
              </May>
            )}
          </>
        ) : null}
      </div>
      {decides === "pin" ? <PinDialog service={id} close={() => setDecides(undefined)} /> : null}
      {decides === "ignore" ? <IgnoreService service={id} close={() => setDecides(undefined)} /> : null}
    </div>
  );
}

function Owner({ known }: { known: ServiceDetail }) {
  return (
    <>
      {known.owner ? (
        <OwnerCard owner={known.owner} />
      ) : (
        <p className="no-owner">
          {known.component ? "Its component has no owner whom the catalog knows." : "No component claims it."}
        </p>
      )}
      {known.component ? (
        <dl className="facts">
          <div>
            <dt>Component</dt>
            <dd>
              <ComponentLink of={known.component.ref} />
            </dd>
          </div>
          <Fact name="Catalog" value={known.component.instance} />
          <Fact name="Type" value={known.component.type} />
          <Fact name="Lifecycle" value={known.component.lifecycle} />
          <Fact name="System" value={known.component.system} />
        </dl>
      ) : null}
    </>
  );
}

function Why({ id }: { id: string }) {
  return (
    <Answer of={useQuery(explanation(id))}>
      {(explained) =>
        explained.kind === "service" && explained.verdict ? (
          <EvidenceTrail verdict={explained.verdict} />
        ) : (
          <p className="quiet">
            No component of any catalog leads here: none names it, none selects it, and no label of it says whose it is.
          </p>
        )
      }
    </Answer>
  );
}

function Labels({ known }: { known: ServiceDetail }) {
  if (known.labels.length === 0) {
    return <p className="quiet">None: labels are written on what a component is stitched to.</p>;
  }
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">Label</th>
          <th scope="col">Value</th>
          <th scope="col">Because of</th>
        </tr>
      </thead>
      <tbody>
        {known.labels.map(({ key, value, why }) => (
          <tr key={key}>
            <td>
              <code>{key}</code>
            </td>
            <td>
              <Link to="/services" search={{ label: [`${key}=${value}`] }}>
                {value}
              </Link>
            </td>
            <td className="quiet">{why}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
