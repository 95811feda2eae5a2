import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { componentFacets, components } from "../../api/queries";
import type { ComponentRow, OwnerState, Verdict } from "../../api/types";
import type { ComponentsSearch } from "../../app/router";
import { Badge } from "../../parts/Badge";
import { CopyButton } from "../../parts/CopyButton";
import { FacetList } from "../../parts/FacetList";
import { FilterText } from "../../parts/FilterText";
import { ComponentLink, OwnerLink, ServiceLink } from "../../parts/links";
import { isSettled, PagedTable } from "../../parts/PagedTable";
import { Prose } from "../../parts/Prose";
import { Empty } from "../../parts/States";
import type { Column } from "../../parts/Table";
import { counted } from "../../parts/time";
import { OWNER_STATES, VERDICTS } from "../../parts/words";

const route = getRouteApi("/components");

const FACETS = [
  { name: "verdict", title: "Verdict", show: (value: string) => VERDICTS[value as Verdict]?.label ?? value },
  { name: "owner_state", title: "Owner", show: (value: string) => OWNER_STATES[value as OwnerState]?.label ?? value },
  { name: "cluster", title: "Cluster" },
  { name: "instance", title: "Catalog" },
  { name: "team", title: "Team" },
] as const;

const COLUMNS: Column<ComponentRow>[] = [
  {
    key: "component",
    title: "Component",
    width: "minmax(11rem, 1.6fr)",
    cell: (row) => <ComponentLink of={row.ref} />,
  },
  {
    key: "cluster",
    title: "Cluster",
    width: "minmax(7rem, 1fr)",
    cell: (row) => <span className="quiet">{row.cluster}</span>,
  },
  {
    key: "verdict",
    title: "Verdict",
    width: "11rem",
    cell: (row) =>
      row.ignored ? (
        <Badge tone="idle" title="A person decided that it need not run">
          ignored
        </Badge>
      ) : (
        <Badge tone={VERDICTS[row.verdict].tone} title={VERDICTS[row.verdict].means}>
          {VERDICTS[row.verdict].label}
        </Badge>
      ),
  },
  {
    key: "owner",
    title: "Owner",
    width: "minmax(8rem, 1.2fr)",
    cell: ({ owner }) =>
      owner.ref ? (
        <OwnerLink of={owner.ref} />
      ) : (
        <span className="quiet" title={owner.tried.join(", ")}>
          {owner.tried[0] ?? "none"}
        </span>
      ),
  },
  {
    key: "what",
    title: "Service, or what is wrong",
    width: "minmax(14rem, 3fr)",
    cell: (row) =>
      row.services.length > 0 ? (
        <>
          <ServiceLink id={row.services[0]!} whole />
          {row.services.length > 1 ? <span className="quiet"> and {row.services.length - 1} more</span> : null}
        </>
      ) : (
        <span title={row.reason}>
          <Prose text={row.reason} />
        </span>
      ),
  },
  { key: "fix", title: "Fix", width: "5.5rem", cell: (row) => (row.fix ? <CopyButton text={row.fix} /> : null) },
];

export function Components() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const list = useInfiniteQuery(components(search));
  const facets = useQuery({ ...componentFacets(search), enabled: isSettled(list) });
  const change = useCallback(
    (part: Partial<ComponentsSearch>) =>
      void navigate({
        to: "/components",
        search: (before) => ({ ...(before as ComponentsSearch), ...part }),
        replace: true,
      }),
    [navigate],
  );

  return (
    <div className="list-page">
      <div className="list-head">
        <h1>Components</h1>
        <p className="quiet" role="status">
          {facets.data ? counted(facets.data.total, "verdict") : ""}
        </p>
        <Link to="/playground" search={{ instance: search.instance }}>
          Try another mapping
        </Link>
        <FilterText label="Filter by reference or Kubernetes id" value={search.q} change={(q) => change({ q })} />
      </div>
      {search.owner ? (
        <div className="chips">
          <span className="chip">
            of <code>{search.owner}</code>
            <button type="button" aria-label="Take the owner away" onClick={() => change({ owner: undefined })}>
              ×
            </button>
          </span>
        </div>
      ) : null}
      <div className="with-facets">
        <FacetList
          facets={FACETS}
          known={facets.data?.facets}
          chosen={search as Record<string, string | undefined>}
          choose={(name, value) => change({ [name]: value })}
        />
        <PagedTable
          label="Components"
          list={list}
          columns={COLUMNS}
          total={facets.data?.total}
          id={(row) => `${row.ref} ${row.instance} ${row.cluster}`}
          empty={<Empty title="No component is like that">Take a filter away.</Empty>}
        />
      </div>
    </div>
  );
}
