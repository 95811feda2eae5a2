import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sources } from "../../api/queries";
import type { SourceStatus } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { Badge } from "../../parts/Badge";
import { DecideDialog } from "../../parts/DecideDialog";
import { May } from "../../parts/May";
import { Prose } from "../../parts/Prose";
import { Empty } from "../../parts/States";
import { count, counted, span } from "../../parts/time";
import { PHASES } from "../../parts/words";

export function SourceStrip() {
  return (
    <Answer of={useQuery(sources)}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No source is configured">Name a catalog and a cluster in the configuration.</Empty>
        ) : (
          <ul className="strip">
            {items.map((source) => (
              <Source key={`${source.kind} ${source.name}`} source={source} />
            ))}
          </ul>
        )
      }
    </Answer>
  );
}

function Source({ source }: { source: SourceStatus }) {
  const phase = PHASES[source.phase]!;
  return (
    <li>
      <div className="item-head">
        <span>
          <strong>{source.name}</strong> <span className="quiet">{source.kind}</span>
        </span>
        <Badge tone={phase.tone} title={phase.means}>
          {phase.label}
        </Badge>
      </div>
      <p className="quiet">
        {mostOf(source)}
        {source.age_seconds == null ? ", never read" : `, read ${span(source.age_seconds)} ago`}
        {source.faults.total > 0 ? `, ${counted(source.faults.total, "fault")}` : ""}
      </p>
      {source.last_error ? (
        <p className="reason">
          <Prose text={source.last_error.message} />
          {source.last_error.remedy ? (
            <span className="hint">
              {" "}
              <Prose text={source.last_error.remedy} />
            </span>
          ) : null}
        </p>
      ) : null}
      <HeldBack source={source} />
    </li>
  );
}

/** What a source mostly holds, in words. */
export function mostOf({ kind, counts }: SourceStatus): string {
  const said = kind === "cluster" ? ["services", "pods"] : ["components", "groups", "users"];
  return said.map((word) => `${count(counts[word] ?? 0)} ${word}`).join(", ");
}

export function HeldBack({ source }: { source: SourceStatus }) {
  const [asked, setAsked] = useState(false);
  const held = source.held_back;
  if (!held) {
    return null;
  }
  return (
    <div className="held">
      <p>
        The last read would remove {counted(held.removals, "thing")}. It is held back: seen {held.times} of{" "}
        {held.confirmations} times in a row.
      </p>
      <May role="editor" whole>
        <button type="button" className="button small" onClick={() => setAsked(true)}>
          They really are gone
        </button>
      </May>
      {asked ? (
        <DecideDialog
          title="Confirm removals"
          proposal={{ kind: "confirm-removals", source: { kind: source.kind, name: source.name } }}
          wantsReason={false}
          ends={false}
          close={() => setAsked(false)}
        >
          {counted(held.removals, "thing")} of {source.kind} <strong>{source.name}</strong> will be removed, and what
          was stitched by them with it. The history keeps what was.
        </DecideDialog>
      ) : null}
    </div>
  );
}
