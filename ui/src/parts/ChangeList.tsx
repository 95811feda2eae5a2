// What changed, in sentences, newest first.
import { shortReference } from "../api/paths";
import type { Change, HistoryEntry, Ownership } from "../api/types";
import { Ago } from "./Ago";
import { ComponentLink, OwnerLink, ServiceLink } from "./links";
import { Empty } from "./States";
import { counted } from "./time";
import { SERVICE_STATES, VERDICTS } from "./words";

/** How many changes of one read are shown before they are unfolded. */
const SHOWN = 4;

type Props = { entries: HistoryEntry[]; none: string };

export function ChangeList({ entries, none }: Props) {
  if (entries.length === 0) {
    return <Empty title={none} />;
  }
  return (
    <ol className="changes">
      {together(entries).map((group, index) => (
        // Changes of one moment have no name of their own.
        <li key={index}>
          {group.slice(0, SHOWN).map((entry, at) => (
            <div key={at}>{sentence(entry.change)}</div>
          ))}
          {group.length > SHOWN ? (
            <details>
              <summary>{counted(group.length - SHOWN, "more change")} of the same read</summary>
              {group.slice(SHOWN).map((entry, at) => (
                <div key={at}>{sentence(entry.change)}</div>
              ))}
            </details>
          ) : null}
          <div className="quiet">
            <Ago time={group[0]!.time} /> · {cause(group[0]!)}
          </div>
        </li>
      ))}
    </ol>
  );
}

/** What one read, or one decision, changed at one time: it is one thing that happened. */
function together(entries: HistoryEntry[]): HistoryEntry[][] {
  const groups: HistoryEntry[][] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (last && last[0]!.time === entry.time && cause(last[0]!) === cause(entry)) {
      last.push(entry);
    } else {
      groups.push([entry]);
    }
  }
  return groups;
}

function sentence(change: Change): React.ReactNode {
  if (change.type === "service") {
    return (
      <>
        <ServiceLink id={change.service} whole /> <Move before={change.before} after={change.after} />
      </>
    );
  }
  if (change.type === "verdict") {
    const before = change.before && VERDICTS[change.before.verdict].label;
    const after = change.after && VERDICTS[change.after.verdict].label;
    return (
      <>
        <ComponentLink of={change.ref} /> <span className="quiet">in {change.cluster}</span>{" "}
        {after ? (before ? `${before} → ${after}` : after) : "is gone"}
      </>
    );
  }
  return `${change.kind} ${change.name}: ${change.phase}`;
}

function Move({ before, after }: { before?: Ownership | null | undefined; after?: Ownership | null | undefined }) {
  if (!after) {
    return <>is gone{before?.owner ? <> (was {shortReference(before.owner)}’s)</> : null}</>;
  }
  if (before && before.owner === after.owner && before.state === after.state) {
    return after.component ? (
      <>
        is now <ComponentLink of={after.component} />
      </>
    ) : (
      <>changed</>
    );
  }
  return (
    <>
      {before ? (
        <>{before.owner ? shortReference(before.owner) : SERVICE_STATES[before.state].label} → </>
      ) : (
        "appeared, "
      )}
      {after.owner ? <OwnerLink of={after.owner} /> : SERVICE_STATES[after.state].label}
    </>
  );
}

function cause({ cause }: HistoryEntry): string {
  if ("decision" in cause) {
    return `decision ${cause.decision} of a person`;
  }
  return `${cause.kind} ${cause.source}, generation ${cause.generation}`;
}
