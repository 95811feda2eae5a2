// The reasoning behind a verdict as a chain that can be followed: field, value, rule, what was found, owner.
import type { VerdictExplanation } from "../api/types";
import { Fix } from "./Fix";
import { ComponentLink, OwnerLink, ServiceLink } from "./links";
import { Prose } from "./Prose";
import { count, moment } from "./time";
import { RULES, type Tone } from "./words";

/** How many of the Services that a rule found are shown. */
const SHOWN = 20;

type Props = {
  verdict: VerdictExplanation;
  /** What would give it an owner stands elsewhere already. */
  ownerApart?: boolean;
};

export function EvidenceTrail({ verdict, ownerApart = false }: Props) {
  const id = verdict.id_paths.find(({ value }) => value);
  const namespace = verdict.namespace_paths.find(({ value }) => value);
  const ownerFix = verdict.owner.fix;
  // That of a stitched component is its owner's.
  const ownFix = verdict.fix === ownerFix ? null : verdict.fix;
  const fixes = [ownFix, ownerApart ? null : ownerFix].filter((fix) => fix != null);
  return (
    <>
      <ol className="trail">
        <Step tone={id ? "good" : "idle"} title="What it says">
          {id ? (
            <>
              <code>{id.path}</code> = <code className="value">{id.value}</code>
              {namespace ? (
                <>
                  , <code>{namespace.path}</code> = <code className="value">{namespace.value}</code>
                </>
              ) : (
                <span className="quiet">, no namespace</span>
              )}
            </>
          ) : (
            <span className="quiet">
              No field names a Service: {verdict.id_paths.map(({ path }) => path).join(", ")}
            </span>
          )}
        </Step>
        {verdict.rules.map((tried) => (
          <Step
            key={tried.rule}
            tone={
              tried.found.length > 0
                ? tried.rule === verdict.rule && verdict.verdict === "stitched"
                  ? "good"
                  : "warn"
                : "idle"
            }
            title={`Rule ${tried.rule}`}
          >
            <span className="quiet">{RULES[tried.rule]}. </span>
            {tried.lookup ? (
              <>
                <Prose text={tried.lookup} />: {tried.found.length === 0 ? "nothing" : null}
                <ul>
                  {tried.found.slice(0, SHOWN).map((service) => (
                    <li key={service}>
                      <ServiceLink id={service} whole />
                    </li>
                  ))}
                </ul>
                {tried.found_total > SHOWN ? (
                  <span className="quiet">and {count(tried.found_total - SHOWN)} more</span>
                ) : null}
              </>
            ) : (
              "The component gives it nothing to look for."
            )}
          </Step>
        ))}
        <Step tone={verdict.verdict === "stitched" ? "good" : "bad"} title={`Verdict: ${verdict.verdict}`}>
          <Prose text={verdict.reason} />
          {(verdict.lost ?? []).map(({ service, to }) => (
            <div key={service}>
              <ServiceLink id={service} whole /> went to <ComponentLink of={to.ref} /> of {to.instance}.
            </div>
          ))}
        </Step>
        <Step
          tone={verdict.owner.state === "resolved" ? "good" : verdict.owner.state === "none" ? "idle" : "bad"}
          title="Owner"
        >
          {verdict.owner.tried.length === 0 ? (
            <span className="quiet">No field names one.</span>
          ) : (
            <ul className="tried">
              {verdict.owner.tried.map((tried) => (
                <li key={`${tried.path} ${tried.target}`}>
                  <code>{tried.path}</code> ={" "}
                  {tried.outcome === "resolved" ? <OwnerLink of={tried.target} /> : <code>{tried.target}</code>}
                  <span className="quiet"> {tried.outcome}</span>
                </li>
              ))}
            </ul>
          )}
          {(verdict.owner.near ?? []).length > 0 ? (
            <span className="quiet">Near names: {verdict.owner.near?.join(", ")}</span>
          ) : null}
        </Step>
      </ol>
      {fixes.map((fix) => (
        <Fix key={fix} text={fix} label="Copy the fix" />
      ))}
      <p className="quiet">
        From <ComponentLink of={verdict.ref}>{verdict.ref}</ComponentLink> of catalog {verdict.instance}, generation{" "}
        {verdict.generation}, read {moment(verdict.read_at)}.
      </p>
    </>
  );
}

function Step({ tone, title, children }: { tone: Tone; title: string; children: React.ReactNode }) {
  return (
    <li className={tone}>
      <strong>{title}</strong>
      <div>{children}</div>
    </li>
  );
}
