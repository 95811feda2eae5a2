// Every page has an address, and every view of a list is one: what is filtered stands in the parameters.
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { PlaygroundSearch } from "../pages/playground/settings";
import { Failure } from "../parts/States";
import { type Context, overviewAhead, servicesAhead } from "./ahead";
import { many, one, parseSearch, writeSearch } from "./search-params";
import { Shell } from "./Shell";

const root = createRootRouteWithContext<Context>()({
  component: Shell,
  notFoundComponent: () => (
    <>
      <h1>There is no such page</h1>
      <p>The address may have been cut off when it was copied.</p>
    </>
  ),
  errorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
});

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  loader: ({ context }) => overviewAhead(context),
  component: lazyRouteComponent(() => import("../pages/overview/Overview"), "Overview"),
});

export type ServicesSearch = {
  cluster?: string | undefined;
  namespace?: string | undefined;
  team?: string | undefined;
  state?: string | undefined;
  lifecycle?: string | undefined;
  system?: string | undefined;
  ignored?: string | undefined;
  q?: string | undefined;
  label?: string[] | undefined;
  column?: string[] | undefined;
  sort?: string | undefined;
};

const services = createRoute({
  getParentRoute: () => root,
  path: "/services",
  validateSearch: (search): ServicesSearch => ({
    cluster: one(search["cluster"]),
    namespace: one(search["namespace"]),
    team: one(search["team"]),
    state: one(search["state"]),
    lifecycle: one(search["lifecycle"]),
    system: one(search["system"]),
    ignored: one(search["ignored"]),
    q: one(search["q"]),
    label: many(search["label"]),
    column: many(search["column"]),
    sort: one(search["sort"]),
  }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => servicesAhead(context, deps),
  component: lazyRouteComponent(() => import("../pages/services/Services"), "Services"),
});

const service = createRoute({
  getParentRoute: () => root,
  path: "/services/$cluster/$namespace/$name",
  validateSearch: (search): { at?: string | undefined } => ({ at: one(search["at"]) }),
  component: lazyRouteComponent(() => import("../pages/services/Service"), "Service"),
});

export type ComponentsSearch = {
  cluster?: string | undefined;
  instance?: string | undefined;
  verdict?: string | undefined;
  owner_state?: string | undefined;
  owner?: string | undefined;
  team?: string | undefined;
  q?: string | undefined;
};

const components = createRoute({
  getParentRoute: () => root,
  path: "/components",
  validateSearch: (search): ComponentsSearch => ({
    cluster: one(search["cluster"]),
    instance: one(search["instance"]),
    verdict: one(search["verdict"]),
    owner_state: one(search["owner_state"]),
    owner: one(search["owner"]),
    team: one(search["team"]),
    q: one(search["q"]),
  }),
  component: lazyRouteComponent(() => import("../pages/components/Components"), "Components"),
});

const component = createRoute({
  getParentRoute: () => root,
  path: "/components/$ref",
  component: lazyRouteComponent(() => import("../pages/components/Component"), "Component"),
});

const owners = createRoute({
  getParentRoute: () => root,
  path: "/owners",
  validateSearch: (search): { q?: string | undefined } => ({ q: one(search["q"]) }),
  component: lazyRouteComponent(() => import("../pages/owners/Owners"), "Owners"),
});

const owner = createRoute({
  getParentRoute: () => root,
  path: "/owners/$ref",
  component: lazyRouteComponent(() => import("../pages/owners/Owner"), "Owner"),
});

export type GraphSearch = {
  focus?: string | undefined;
  depth?: string | undefined;
  limit?: string | undefined;
  mark?: string | undefined;
  chosen?: string | undefined;
  as?: string | undefined;
};

const graph = createRoute({
  getParentRoute: () => root,
  path: "/graph",
  validateSearch: (search): GraphSearch => ({
    focus: one(search["focus"]),
    depth: one(search["depth"]),
    limit: one(search["limit"]),
    mark: one(search["mark"]),
    chosen: one(search["chosen"]),
    as: one(search["as"]),
  }),
  component: lazyRouteComponent(() => import("../pages/graph/Graph"), "Graph"),
});

const sources = createRoute({
  getParentRoute: () => root,
  path: "/sources",
  component: lazyRouteComponent(() => import("../pages/sources/Sources"), "Sources"),
});

const integrations = createRoute({
  getParentRoute: () => root,
  path: "/integrations",
  component: lazyRouteComponent(() => import("../pages/integrations/Integrations"), "Integrations"),
});

const addIntegration = createRoute({
  getParentRoute: () => root,
  path: "/integrations/add",
  component: lazyRouteComponent(() => import("../pages/integrations/Wizard"), "AddIntegration"),
});

const editIntegration = createRoute({
  getParentRoute: () => root,
  path: "/integrations/edit/$name",
  component: lazyRouteComponent(() => import("../pages/integrations/Wizard"), "EditIntegration"),
});

const decisions = createRoute({
  getParentRoute: () => root,
  path: "/decisions",
  component: lazyRouteComponent(() => import("../pages/decisions/Decisions"), "Decisions"),
});

const playground = createRoute({
  getParentRoute: () => root,
  path: "/playground",
  validateSearch: (search): PlaygroundSearch => ({
    instance: one(search["instance"]),
    id: many(search["id"]),
    namespace: many(search["namespace"]),
    owner: many(search["owner"]),
    rule: many(search["rule"]),
    honor: one(search["honor"]),
  }),
  component: lazyRouteComponent(() => import("../pages/playground/Playground"), "Playground"),
});

const access = createRoute({
  getParentRoute: () => root,
  path: "/access",
  component: lazyRouteComponent(() => import("../pages/access/Access"), "Access"),
});

export function makeRouter(context: Context) {
  return createRouter({
    routeTree: root.addChildren([
      overview,
      services,
      service,
      components,
      component,
      owners,
      owner,
      graph,
      sources,
      integrations,
      addIntegration,
      editIntegration,
      decisions,
      playground,
      access,
    ]),
    context,
    parseSearch,
    stringifySearch: writeSearch,
    defaultPreload: "intent",
    // How old an answer may be is the query's own to say.
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
