// Where the catalogs and clusters stand, with what to do about what is wrong.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { post } from "../../api/client";
import { sources } from "../../api/queries";
import type { SourceStatus } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { Badge } from "../../parts/Badge";
import { Fact } from "../../parts/Fact";
import { LastError } from "../../parts/LastError";
import { May } from "../../parts/May";
import { Prose } from "../../parts/Prose";
import { Empty } from "../../parts/States";
import { count, counted, distance, moment, span } from "../../parts/time";
import { PHASES } from "../../parts/words";
import { HeldBack } from "../overview/SourceStrip";

export function Sources() {
  return (
    <>
      <h1>Sources</h1>
      <Answer of={useQuery(sources)} rows={6}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No source is configured">
              A configuration names the catalogs and the clusters; <code>backstitch doctor</code> checks it.
            </Empty>
          ) : (
            <ul className="sources">
              {items.map((source) => (
                <Source key={`${source.kind} ${source.name}`} source={source} />
              ))}
            </ul>
          )
        }
      </Answer>
    </>
  );
}

function Source({ source }: { source: SourceStatus }) {
  const phase = PHASES[source.phase]!;
  return (
    <li className="card">
      <div className="title">
        <h2>{source.name}</h2>
        <span className="quiet">{source.kind}</span>
        <Badge tone={phase.tone} title={phase.means}>
          {phase.label}
        </Badge>
        <span className="grow" />
        <May role="editor">
          <ReadNow source={source} />
        </May>
      </div>
      <p className="quiet">{phase.means[0]!.toUpperCase() + phase.means.slice(1)}.</p>
      <LastError of={source}>
        {(at) => (
          <p className="quiet">
            {counted(source.failures, "failure")} in a row, the last at {moment(at)}
          </p>
        )}
      </LastError>
      <HeldBack source={source} />
      {(source.warnings ?? []).map((warning) => (
        <p key={warning} className="banner warn">
          <Prose text={warning} />
        </p>
      ))}
      <dl className="facts">
        <Fact name="Holds" value={held(source)} />
        <Fact
          name="Last good state"
          value={
            source.last_good_at
              ? `generation ${source.generation}, ${span(source.age_seconds ?? 0)} old, read ${moment(source.last_good_at)}`
              : "none yet"
          }
        />
        <Fact name="It changed" value={changed(source)} />
        <Fact
          name="Last read took"
          value={source.last_read ? `${count(source.last_read.duration_milliseconds)} ms` : ""}
        />
        <Fact
          name="Next read"
          value={source.next_attempt_in_seconds == null ? "" : distance(source.next_attempt_in_seconds)}
        />
      </dl>
      {source.faults.total > 0 ? (
        <details>
          <summary>{counted(source.faults.total, "part")} could not be used</summary>
          <ul className="faults">
            {(source.faults.first ?? []).map(({ place, message }) => (
              <li key={`${place} ${message}`}>
                <code>{place}</code> <Prose text={message} />
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </li>
  );
}

function held({ counts }: SourceStatus): string {
  return Object.entries(counts)
    .filter(([, number]) => number > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([word, number]) => `${count(number)} ${word}`)
    .join(", ");
}

function changed({ delta }: SourceStatus): string {
  return delta ? `${count(delta.added)} added, ${count(delta.changed)} changed, ${count(delta.removed)} removed` : "";
}

function ReadNow({ source }: { source: SourceStatus }) {
  const client = useQueryClient();
  const read = useMutation({
    mutationFn: () => post(`/sources/${source.kind}/${encodeURIComponent(source.name)}/refresh`, undefined),
    onSettled: () => client.invalidateQueries({ queryKey: ["sources"] }),
  });
  return (
    <>
      {read.isError ? <span className="quiet">{read.error.message}</span> : null}
      <button
        type="button"
        className="button"
        disabled={read.isPending || source.reading_since != null}
        onClick={() => read.mutate()}
      >
        {source.reading_since != null ? "Reading…" : "Read now"}
      </button>
    </>
  );
}
