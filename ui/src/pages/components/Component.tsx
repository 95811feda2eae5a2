// One component: what became of it in each cluster, and why.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { component, explanation } from "../../api/queries";
import type { ComponentDetail, VerdictExplanation } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { Badge } from "../../parts/Badge";
import { CopyButton } from "../../parts/CopyButton";
import { DecideDialog, type Proposal } from "../../parts/DecideDialog";
import { Depends } from "../../parts/Depends";
import { EvidenceTrail } from "../../parts/EvidenceTrail";
import { Fix } from "../../parts/Fix";
import { History } from "../../parts/History";
import { ServiceLink } from "../../parts/links";
import { May } from "../../parts/May";
import { OwnerCard } from "../../parts/OwnerCard";
import { Prose } from "../../parts/Prose";
import { Failure } from "../../parts/States";
import { VERDICTS } from "../../parts/words";

const route = getRouteApi("/components/$ref");

export function Component() {
  const { ref } = route.useParams();
  const answer = useQuery(component(ref));
  const why = useQuery(explanation(ref));
  const verdicts = why.data?.kind === "component" ? why.data.verdicts : [];
  return (
    <>
      {answer.isError ? <h1>{ref}</h1> : null}
      <Answer of={answer} rows={8}>
        {({ items }) => (
          <>
            {items.map((known) => (
              <Instance
                key={known.instance}
                known={known}
                verdicts={verdicts.filter(({ instance }) => instance === known.instance)}
              />
            ))}
            {why.isError ? <Failure error={why.error} retry={() => void why.refetch()} /> : null}
            <section aria-labelledby="past">
              <h2 id="past">The past</h2>
              {items.map(({ instance }) => (
                <History key={instance} of={{ component: ref, instance }} none="Nothing is recorded." />
              ))}
            </section>
          </>
        )}
      </Answer>
    </>
  );
}

function Instance({ known, verdicts }: { known: ComponentDetail; verdicts: VerdictExplanation[] }) {
  const [decision, setDecision] = useState<Proposal>();
  const about = { component: known.ref, instance: known.instance };
  const running = known.verdicts.some(({ verdict }) => verdict === "stitched");
  return (
    <>
      <div className="page-head">
        <p className="path">
          <Link to="/components">Components</Link> ›{" "}
          <Link to="/components" search={{ instance: known.instance }}>
            {known.instance}
          </Link>
        </p>
        <div className="title">
          <h1>{known.name}</h1>
          {known.orphan ? (
            <Badge tone="warn" title="No location of the catalog emits it any more">
              orphan
            </Badge>
          ) : null}
          <span className="grow" />
          <CopyButton text={known.ref} label="Copy the reference" />
          {running || known.verdicts.every(({ ignored }) => ignored) ? null : (
            <May role="editor">
              <button type="button" className="button" onClick={() => setDecision({ kind: "ignore", ...about })}>
                Ignore
              </button>
            </May>
          )}
        </div>
        <p className="quiet">
          <code>{known.ref}</code>
          {[known.type, known.lifecycle, known.system && `system ${known.system}`]
            .filter(Boolean)
            .map((word) => ` · ${word}`)}
        </p>
      </div>
      <section aria-label="Owner">
        <h2>Owner</h2>
        {known.owner ? <OwnerCard owner={known.owner} /> : <NoOwner known={known} />}
      </section>
      {verdicts.map((verdict) => (
        <section key={verdict.cluster} aria-label={`In cluster ${verdict.cluster}`}>
          <h2>
            In {verdict.cluster}{" "}
            <Badge tone={VERDICTS[verdict.verdict].tone} title={VERDICTS[verdict.verdict].means}>
              {VERDICTS[verdict.verdict].label}
            </Badge>
          </h2>
          <EvidenceTrail verdict={verdict} ownerApart />
          <Choices verdict={verdict} decide={(kind, service) => setDecision({ kind, service, ...about })} />
        </section>
      ))}
      <Depends known={known} />
      {decision ? (
        <DecideDialog
          title={
            decision.kind === "ignore" ? "Ignore this component" : decision.kind === "pin" ? "Pin it" : "Prefer it"
          }
          proposal={decision}
          wantsReason={decision.kind === "ignore"}
          ends
          close={() => setDecision(undefined)}
        >
          {decision.kind === "ignore" ? (
            <>
              <code>{known.ref}</code> is not expected to run.
            </>
          ) : (
            <>
              <code>{known.ref}</code> {decision.kind === "pin" ? "is" : "has"} <code>{decision.service}</code>,
              whatever fields say.
            </>
          )}
        </DecideDialog>
      ) : null}
    </>
  );
}

/** Why nobody has it, which is the same in every cluster. */
function NoOwner({ known }: { known: ComponentDetail }) {
  const { reason, fix } = known.verdicts[0]?.owner ?? {};
  return (
    <>
      <p className="no-owner">
        It has no owner whom the catalog knows
        {reason ? (
          <>
            : <Prose text={reason} />
          </>
        ) : (
          "."
        )}
      </p>
      {fix ? <Fix text={fix} /> : null}
    </>
  );
}

type ChoicesProps = { verdict: VerdictExplanation; decide: (kind: "pin" | "prefer", service: string) => void };

/** What a person can decide at once: the Services in question, and those of near names. */
function Choices({ verdict, decide }: ChoicesProps) {
  const kind = verdict.verdict === "conflict" ? "prefer" : "pin";
  const near = [...(verdict.miss?.elsewhere ?? []), ...(verdict.miss?.near_services ?? [])];
  const services = [...new Set([...verdict.candidates, ...near])];
  if (services.length === 0 || verdict.verdict === "stitched") {
    return null;
  }
  return (
    <>
      <h3>{kind === "prefer" ? "Which has it?" : "Is it one of these?"}</h3>
      <ul className="queue-items">
        {services.map((service) => (
          <li key={service} className="item-line">
            <ServiceLink id={service} whole />
            <May role="editor">
              <button type="button" className="button small" onClick={() => decide(kind, service)}>
                {kind === "prefer" ? "Prefer this component" : "Pin"}
              </button>
            </May>
          </li>
        ))}
      </ul>
    </>
  );
}
