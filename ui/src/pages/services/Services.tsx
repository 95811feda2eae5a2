import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { serviceName } from "../../api/paths";
import { serviceFacets, services, summary } from "../../api/queries";
import type { ServiceRow } from "../../api/types";
import type { ServicesSearch } from "../../app/router";
import { Badge } from "../../parts/Badge";
import { FacetList } from "../../parts/FacetList";
import { FilterText } from "../../parts/FilterText";
import { ComponentLink, OwnerLink, ServiceLink } from "../../parts/links";
import { isSettled, PagedTable } from "../../parts/PagedTable";
import { Empty } from "../../parts/States";
import type { Column } from "../../parts/Table";
import { counted } from "../../parts/time";
import { SERVICE_STATES } from "../../parts/words";
import { LabelBar } from "./LabelBar";

const route = getRouteApi("/services");

const FACETS = [
  {
    name: "state",
    title: "Owner",
    show: (value: string) => SERVICE_STATES[value as ServiceRow["state"]]?.label ?? value,
  },
  { name: "cluster", title: "Cluster" },
  { name: "namespace", title: "Namespace" },
  { name: "team", title: "Team" },
  { name: "lifecycle", title: "Lifecycle" },
  { name: "system", title: "System" },
] as const;

export function Services() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const { column: shownLabels, sort, ...filter } = search;
  const list = useInfiniteQuery(services({ ...filter, sort }));
  const facets = useQuery({ ...serviceFacets(filter), enabled: isSettled(list) });
  const prefix = useQuery(summary).data?.label_prefix ?? "";
  const change = useCallback(
    (part: Partial<ServicesSearch>) =>
      void navigate({
        to: "/services",
        search: (before) => ({ ...(before as ServicesSearch), ...part }),
        replace: true,
      }),
    [navigate],
  );
  const columns = useMemo(
    () => columnsOf(prefix, shownLabels ?? [], sort, change),
    [prefix, shownLabels, sort, change],
  );

  return (
    <div className="list-page">
      <div className="list-head">
        <h1>Services</h1>
        <p className="quiet" role="status">
          {facets.data ? counted(facets.data.total, "Service") : ""}
        </p>
        <FilterText label="Filter by name, namespace or component" value={search.q} change={(q) => change({ q })} />
      </div>
      <LabelBar labels={search.label ?? []} columns={shownLabels ?? []} prefix={prefix} change={change} />
      <div className="with-facets">
        <FacetList
          facets={FACETS}
          known={facets.data?.facets}
          chosen={search as Record<string, string | undefined>}
          choose={(name, value) => change({ [name]: value })}
        />
        <PagedTable
          label="Services"
          list={list}
          columns={columns}
          total={facets.data?.total}
          id={(row) => row.id}
          empty={<Empty title="No Service is like that">Take a filter away, or look among the components.</Empty>}
        />
      </div>
    </div>
  );
}

function columnsOf(
  prefix: string,
  labels: string[],
  sort: string | undefined,
  change: (part: Partial<ServicesSearch>) => void,
): Column<ServiceRow>[] {
  function sorting(key: string): Column<ServiceRow>["sort"] {
    const order = sort === key ? "ascending" : sort === `-${key}` ? "descending" : "none";
    const next = order === "none" ? key : order === "ascending" ? `-${key}` : undefined;
    return { order, toggle: () => change({ sort: next }) };
  }
  function label(key: string) {
    return (row: ServiceRow) => row.labels[`${prefix}/${key}`] ?? "";
  }
  return [
    {
      key: "service",
      title: "Service",
      width: "minmax(10rem, 1.8fr)",
      cell: (row) => <ServiceLink id={row.id} />,
      sort: sorting("service"),
    },
    {
      key: "place",
      title: "Cluster / namespace",
      width: "minmax(11rem, 2fr)",
      cell: (row) => {
        const { cluster, namespace } = serviceName(row.id);
        return (
          <span className="quiet" title={row.id}>
            {cluster}/{namespace}
          </span>
        );
      },
      sort: sorting("name"),
    },
    {
      key: "state",
      title: "State",
      width: "7.5rem",
      cell: (row) =>
        row.ignored ? (
          <Badge tone="idle" title="A person decided that nobody need own it">
            ignored
          </Badge>
        ) : (
          <Badge tone={SERVICE_STATES[row.state].tone} title={SERVICE_STATES[row.state].means}>
            {SERVICE_STATES[row.state].label}
          </Badge>
        ),
      sort: sorting("state"),
    },
    {
      key: "team",
      title: "Owner",
      width: "minmax(9rem, 1.6fr)",
      cell: (row) => (row.owner ? <OwnerLink of={row.owner}>{label("team")(row) || undefined}</OwnerLink> : null),
      sort: sorting("team"),
    },
    {
      key: "component",
      title: "Component",
      width: "minmax(9rem, 1.6fr)",
      cell: (row) => (row.component ? <ComponentLink of={row.component} /> : null),
      sort: sorting("component"),
    },
    {
      key: "system",
      title: "System",
      width: "minmax(5.5rem, 0.8fr)",
      cell: label("backstage-component-system"),
    },
    {
      key: "lifecycle",
      title: "Lifecycle",
      width: "6.2rem",
      cell: label("backstage-component-lifecycle"),
    },
    ...labels.map((key) => ({
      key: `label ${key}`,
      title: key,
      width: "minmax(7rem, 1fr)",
      cell: (row: ServiceRow) => row.labels[key] ?? label(key)(row),
    })),
  ];
}
