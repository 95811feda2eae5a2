import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { getAll } from "../../api/client";
import { components, services } from "../../api/queries";
import type { ComponentRow, SummaryAnswer } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { CopyButton } from "../../parts/CopyButton";
import { Fix } from "../../parts/Fix";
import { IgnoreService } from "../../parts/IgnoreService";
import { ComponentLink, ServiceLink } from "../../parts/links";
import { May } from "../../parts/May";
import { Prose } from "../../parts/Prose";
import { Empty } from "../../parts/States";
import { count } from "../../parts/time";
import { type Group, groups, patch, remedy } from "./groups";

/** How many of a group are shown here; all of them are on the list's own page. */
const SHOWN = 8;
/** The most for which fixes are copied at once. */
const COPIED = 20_000;

export function Queue({ known }: { known: SummaryAnswer }) {
  const all = groups(known);
  const [open, setOpen] = useState(all[0]?.key);
  if (all.length === 0) {
    return known.services + known.components === 0 ? (
      <Empty title="There is nothing yet">
        Backstitch has read neither a catalog nor a cluster. <Link to="/sources">The sources</Link> say why.
      </Empty>
    ) : (
      <Empty title="Nothing waits for a decision">Every component is found, and every Service has an owner.</Empty>
    );
  }
  return (
    <ul className="queue">
      {all.map((group) => (
        <li key={group.key}>
          <details
            open={open === group.key}
            onToggle={(event) => {
              if (event.currentTarget.open) {
                setOpen(group.key);
              } else if (open === group.key) {
                setOpen(undefined);
              }
            }}
          >
            <summary>
              <span className="queue-count">{count(group.count)}</span>
              <span className="queue-title">
                {group.title}
                <span className="quiet">{group.help}</span>
              </span>
            </summary>
            {open !== group.key ? null : group.components ? (
              <ComponentGroup group={group} filter={group.components} />
            ) : (
              <UnclaimedServices group={group} />
            )}
          </details>
        </li>
      ))}
    </ul>
  );
}

function ComponentGroup({ group, filter }: { group: Group; filter: NonNullable<Group["components"]> }) {
  const list = useInfiniteQuery(components({ ...filter, limit: SHOWN }));
  const { verdict, owner_state } = filter as Record<string, string | undefined>;
  return (
    <Answer of={list}>
      {({ pages: [first] }) => (
        <>
          <ul className="queue-items">
            {first?.items.map((row) => (
              <Item key={`${row.ref} ${row.instance} ${row.cluster}`} row={row} group={group} />
            ))}
          </ul>
          <div className="actions">
            <Link to="/components" search={{ verdict, owner_state }} className="button">
              {asList(group)}
            </Link>
            <CopyButton
              label="Copy the patch for all of these"
              text={async () => patch(group, await getAll<ComponentRow>("/components", filter, COPIED))}
            />
          </div>
        </>
      )}
    </Answer>
  );
}

function asList({ count: all }: Group): string {
  return all > SHOWN ? `All ${count(all)}` : "As a list";
}

function Item({ row, group }: { row: ComponentRow; group: Group }) {
  const { reason, fix } = remedy(row, group);
  return (
    <li>
      <div className="item-head">
        <ComponentLink of={row.ref} />
        <span className="quiet">{row.cluster}</span>
      </div>
      <p className="reason">
        <Prose text={reason} />
      </p>
      {fix ? <Fix text={fix} /> : null}
    </li>
  );
}

function UnclaimedServices({ group }: { group: Group }) {
  const list = useInfiniteQuery(services({ state: "unclaimed", ignored: false, limit: SHOWN }));
  const [ignored, setIgnored] = useState<string>();
  return (
    <Answer of={list}>
      {({ pages: [first] }) => (
        <>
          <ul className="queue-items">
            {first?.items.map((row) => (
              <li key={row.id} className="item-line">
                <ServiceLink id={row.id} whole />
                <May role="editor">
                  <button type="button" className="button small" onClick={() => setIgnored(row.id)}>
                    Ignore
                  </button>
                </May>
              </li>
            ))}
          </ul>
          <div>
            <p className="reason">Drafts of components for all of these, with their likely owners and why:</p>
            <Fix text={`backstitch suggest --server ${location.origin} --out suggestions`} />
          </div>
          <div className="actions">
            <Link to="/services" search={{ state: "unclaimed" }} className="button">
              {asList(group)}
            </Link>
          </div>
          {ignored ? <IgnoreService service={ignored} close={() => setIgnored(undefined)} /> : null}
        </>
      )}
    </Answer>
  );
}
