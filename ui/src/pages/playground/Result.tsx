// What would come of it: counts with their signs, examples, and the configuration to copy.
import type { UseQueryResult } from "@tanstack/react-query";
import type { Preview, PreviewChanges, PreviewExample, PreviewStanding } from "../../api/types";
import { Badge } from "../../parts/Badge";
import { CopyButton } from "../../parts/CopyButton";
import { ComponentLink, OwnerLink, ServiceLink } from "../../parts/links";
import { Answer } from "../../parts/Answer";
import { OWNER_STATES, type Tone, VERDICTS } from "../../parts/words";
import { signed } from "./settings";

type Change = { key: keyof PreviewChanges; sign: "+" | "−"; label: string; tone: Tone };

const CHANGES: Change[] = [
  { key: "stitched_gained", sign: "+", label: "stitched", tone: "good" },
  { key: "stitched_lost", sign: "−", label: "no longer stitched", tone: "bad" },
  { key: "moved", sign: "+", label: "stitched to other Services", tone: "warn" },
  { key: "newly_ambiguous", sign: "+", label: "newly ambiguous", tone: "warn" },
  { key: "newly_in_conflict", sign: "+", label: "newly in conflict", tone: "warn" },
  { key: "newly_invalid", sign: "+", label: "newly invalid", tone: "bad" },
  { key: "newly_not_found", sign: "+", label: "name a Service that is not there", tone: "warn" },
  { key: "owners_gained", sign: "+", label: "with an owner", tone: "good" },
  { key: "owners_lost", sign: "−", label: "no longer with an owner", tone: "bad" },
  { key: "owners_changed", sign: "+", label: "with another owner", tone: "warn" },
  { key: "others_affected", sign: "+", label: "of other catalogs affected", tone: "warn" },
];

const KINDS: Record<PreviewExample["kind"], string> = {
  "stitched-lost": "no longer stitched",
  "newly-in-conflict": "newly in conflict",
  "newly-ambiguous": "newly ambiguous",
  "newly-invalid": "newly invalid",
  "other-affected": "of another catalog",
  moved: "other Services",
  "stitched-gained": "stitched",
  "owner-lost": "owner lost",
  "owner-changed": "another owner",
  "owner-gained": "owner found",
  "newly-not-found": "Service not found",
  otherwise: "another verdict",
};

export function Result({
  answer,
  waits,
  differs,
  faulty,
}: {
  answer: UseQueryResult<Preview>;
  waits: boolean;
  differs: boolean;
  faulty: boolean;
}) {
  return (
    <section className="playground-result" aria-labelledby="result" aria-busy={waits}>
      <div className="list-head">
        <h2 id="result">What would change</h2>
        <span className="quiet" role="status">
          {waits ? "Asking…" : ""}
        </span>
      </div>
      {faulty && !answer.isPending ? (
        <p className="quiet">Mend what is marked, and this says what would come of it.</p>
      ) : (
        <Answer of={answer} rows={5}>
          {(answered) => <Changes preview={answered} differs={differs} />}
        </Answer>
      )}
    </section>
  );
}

function Changes({ preview, differs }: { preview: Preview; differs: boolean }) {
  const changes = CHANGES.filter(({ key }) => preview.changes[key] > 0);
  const { before, after } = preview;
  const all = Object.values(after.verdicts).reduce((sum, count) => sum + count, 0);
  return (
    <>
      {changes.length > 0 ? (
        <ul className="tally" aria-label="Changes">
          {changes.map(({ key, sign, label, tone }) => (
            <li key={key} className={tone}>
              <span className="number">{signed(preview.changes[key], sign)}</span> <span>{label}</span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="tally-none">{differs ? "Nothing would change." : "These are the settings that stand."}</p>
      )}
      <p className="quiet">
        {before.verdicts.stitched === after.verdicts.stitched
          ? `${after.verdicts.stitched} of ${all} stitched`
          : `${before.verdicts.stitched} stitched now, ${after.verdicts.stitched} of ${all} then`}
        {before.owners.resolved === after.owners.resolved
          ? `; ${after.owners.resolved} with an owner`
          : `; ${before.owners.resolved} with an owner now, ${after.owners.resolved} then`}
        {preview.not_read ? `; ${preview.not_read} could not be read again, and count as they are` : ""}
      </p>
      {preview.examples.length > 0 ? <Examples preview={preview} /> : null}
      <div className="yaml">
        <div className="list-head">
          <h3>Configuration</h3>
          <CopyButton text={preview.yaml} label="Copy the configuration" />
        </div>
        <p className="quiet">The keys of instance {preview.instance}, in place of those that it has.</p>
        <pre tabIndex={0}>
          <code>{preview.yaml}</code>
        </pre>
      </div>
    </>
  );
}

function Examples({ preview }: { preview: Preview }) {
  const clusters = new Set(preview.examples.map(({ cluster }) => cluster));
  return (
    <div className="examples" tabIndex={0} role="region" aria-label="Examples">
      <table>
        <thead>
          <tr>
            <th scope="col">Component</th>
            <th scope="col">Change</th>
            <th scope="col">Now</th>
            <th scope="col">Then</th>
          </tr>
        </thead>
        <tbody>
          {preview.examples.map((example) => (
            <tr key={`${example.instance} ${example.ref} ${example.cluster}`}>
              <td>
                <ComponentLink of={example.ref} />
                {clusters.size > 1 ? <div className="quiet">{example.cluster}</div> : null}
                {example.instance === preview.instance ? null : <div className="quiet">of {example.instance}</div>}
              </td>
              <td>{KINDS[example.kind]}</td>
              <td>
                <Standing of={example.before} other={example.after} />
              </td>
              <td>
                <Standing of={example.after} other={example.before} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Standing({
  of,
  other,
}: {
  of: PreviewStanding | null | undefined;
  other: PreviewStanding | null | undefined;
}) {
  if (!of) {
    return <span className="quiet">not in this cluster</span>;
  }
  const verdict = VERDICTS[of.verdict];
  const owners = of.owner !== other?.owner || of.owner_state !== other?.owner_state;
  return (
    <>
      <Badge tone={verdict.tone} title={verdict.means}>
        {verdict.label}
      </Badge>
      {of.services.map((service) => (
        <div key={service}>
          <ServiceLink id={service} whole />
        </div>
      ))}
      {owners && other ? (
        <div>
          {of.owner ? (
            <OwnerLink of={of.owner} />
          ) : (
            <span className="quiet">owner {OWNER_STATES[of.owner_state].label}</span>
          )}
        </div>
      ) : null}
    </>
  );
}
