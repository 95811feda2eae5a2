// The company as the catalog has it: groups with what they own, and the users.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { owners, teams } from "../../api/queries";
import { Answer } from "../../parts/Answer";
import { Badge } from "../../parts/Badge";
import { FilterText } from "../../parts/FilterText";
import { OwnerLink } from "../../parts/links";
import { More } from "../../parts/More";
import { Empty } from "../../parts/States";
import { count, counted } from "../../parts/time";
import { narrowed, tree, type Node } from "./tree";

const route = getRouteApi("/owners");

export function Owners() {
  const { q } = route.useSearch();
  const navigate = useNavigate();
  const answer = useQuery(teams);
  const roots = useMemo(() => tree(answer.data?.items ?? []), [answer.data]);
  const shown = q ? narrowed(roots, q) : roots;
  return (
    <>
      <div className="list-head">
        <h1>Owners</h1>
        <p className="quiet" role="status">
          {answer.data ? counted(answer.data.items.length, "group") : ""}
        </p>
        <FilterText
          label="Filter by name"
          value={q}
          change={(text) => void navigate({ to: "/owners", search: { q: text }, replace: true })}
        />
      </div>
      <Answer of={answer} rows={8}>
        {() =>
          shown.length === 0 ? (
            <Empty title={q ? "No group is named like that" : "No catalog has a group yet"} />
          ) : (
            <Groups nodes={shown} />
          )
        }
      </Answer>
      <section aria-labelledby="users">
        <h2 id="users">Users</h2>
        <Users q={q} />
      </section>
    </>
  );
}

function Groups({ nodes }: { nodes: Node[] }) {
  return (
    <ul className="groups">
      {nodes.map(({ team, children }) => (
        <li key={`${team.instance} ${team.ref}`}>
          <div className="group">
            <OwnerLink of={team.ref}>{team.display_name}</OwnerLink>
            {team.reachable ? null : (
              <Badge tone="warn" title="Neither it nor a group above it says how it is reached">
                no contact
              </Badge>
            )}
            <span className="group-numbers">
              <span title="Services that it owns itself">{counted(team.services, "Service")}</span>
              <span title="with those of the groups below it">
                {team.services_below > team.services ? `${count(team.services_below)} in all` : ""}
              </span>
              <span title="of its components, those that are found running">
                {team.components > 0 ? `${count(team.components_stitched)} of ${count(team.components)} running` : ""}
              </span>
            </span>
          </div>
          {children.length > 0 ? <Groups nodes={children} /> : null}
        </li>
      ))}
    </ul>
  );
}

function Users({ q }: { q: string | undefined }) {
  const list = useInfiniteQuery(owners({ kind: "User", q }));
  return (
    <Answer of={list}>
      {({ pages }) => {
        const users = pages.flatMap((page) => page.items);
        return (
          <>
            {users.length === 0 ? <p className="quiet">None.</p> : null}
            <ul className="users">
              {users.map((user) => (
                <li key={`${user.instance} ${user.ref}`}>
                  <OwnerLink of={user.ref}>{user.display_name}</OwnerLink> <span className="quiet">{user.email}</span>
                </li>
              ))}
            </ul>
            <More of={list} />
          </>
        );
      }}
    </Answer>
  );
}
