// What people decided, beside what sources say: who, why, until when, and whether it still bears on anything.
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Query, remove } from "../../api/client";
import { decisions } from "../../api/queries";
import type { Decision } from "../../api/types";
import { Ago } from "../../parts/Ago";
import { Answer } from "../../parts/Answer";
import { Badge } from "../../parts/Badge";
import { ComponentLink, ServiceLink } from "../../parts/links";
import { May } from "../../parts/May";
import { More } from "../../parts/More";
import { Prose } from "../../parts/Prose";
import { Empty } from "../../parts/States";
import { moment } from "../../parts/time";
import { useAuthor } from "../../parts/who";
import type { Tone } from "../../parts/words";

const STATES: Record<Decision["state"], { tone: Tone; label: string }> = {
  "in-force": { tone: "good", label: "in force" },
  stale: { tone: "warn", label: "stale" },
  ended: { tone: "idle", label: "ended" },
};

export function Decisions() {
  const [all, setAll] = useState(false);
  return (
    <>
      <div className="list-head">
        <h1>Decisions</h1>
        <label className="check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} /> with those that
          ended
        </label>
      </div>
      <List filter={{}}>
        <Empty title="No decision stands">
          A decision says what no source can: that a component is that Service, that nobody need own this one. They are
          made on the pages of Services and components.
        </Empty>
      </List>
      {all ? (
        <section aria-labelledby="ended">
          <h2 id="ended">Ended</h2>
          <List filter={{ state: "ended" }}>
            <Empty title="None has ended" />
          </List>
        </section>
      ) : null}
    </>
  );
}

function List({ filter, children }: { filter: Query; children: React.ReactNode }) {
  const list = useInfiniteQuery(decisions(filter));
  return (
    <Answer of={list} rows={6}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        return items.length === 0 ? (
          children
        ) : (
          <>
            <ul className="sources">
              {items.map((decision) => (
                <Row key={decision.id} decision={decision} />
              ))}
            </ul>
            <More of={list} />
          </>
        );
      }}
    </Answer>
  );
}

function Row({ decision }: { decision: Decision }) {
  const state = STATES[decision.state];
  return (
    <li className="card">
      <div className="title">
        <Badge tone={state.tone}>{state.label}</Badge>
        <span>
          <Sentence decision={decision} />
        </span>
        <span className="grow" />
        {decision.state === "ended" ? null : (
          <May role="editor">
            <Withdraw id={decision.id} />
          </May>
        )}
      </div>
      {decision.reason ? <p className="reason">“{decision.reason}”</p> : null}
      {decision.stale ? (
        <p className="reason">
          <Prose text={decision.stale} />
        </p>
      ) : null}
      <p className="quiet">
        {decision.author}, <Ago time={decision.made_at} />
        {decision.until ? `, until ${moment(decision.until)}` : ""}
        {decision.ended
          ? `, ended ${moment(decision.ended.at)}${decision.ended.by ? ` by ${decision.ended.by}` : ""}`
          : ""}
      </p>
    </li>
  );
}

function Sentence({ decision }: { decision: Decision }) {
  const component = decision.component ? <ComponentLink of={decision.component} /> : null;
  const service = decision.service ? <ServiceLink id={decision.service} whole /> : null;
  switch (decision.kind) {
    case "pin":
      return (
        <>
          {component} is {service}
        </>
      );
    case "prefer":
      return (
        <>
          {component} has {service}
        </>
      );
    case "ignore":
      return component ? <>{component} need not run</> : <>{service} needs no owner</>;
    case "confirm-removals":
      return (
        <>
          what is gone of {decision.source?.kind} {decision.source?.name} is gone
        </>
      );
  }
}

function Withdraw({ id }: { id: number }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const author = useAuthor();
  const withdraw = useMutation({
    mutationFn: () => remove(`/decisions/${id}`, { author: author.name }),
    onSuccess: async () => {
      author.keep();
      await client.invalidateQueries();
    },
  });
  if (!asked) {
    return (
      <button type="button" className="button small" onClick={() => setAsked(true)}>
        Withdraw
      </button>
    );
  }
  return (
    <form
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        withdraw.mutate();
      }}
    >
      {author.give ? (
        <input
          aria-label="Your name"
          placeholder="Your name"
          required
          maxLength={200}
          value={author.name}
          onChange={(event) => author.give?.(event.target.value)}
        />
      ) : (
        <span className="quiet">as {author.name}</span>
      )}
      <button type="submit" className="button small primary" disabled={withdraw.isPending}>
        Withdraw
      </button>
      {withdraw.isError ? <span className="quiet">{withdraw.error.message}</span> : null}
    </form>
  );
}
