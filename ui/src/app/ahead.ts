// What a page begins with is asked while the page's own code is still on its way, or while somebody is about to open it.
import type { QueryClient } from "@tanstack/react-query";
import { services, session, sources, summary, trend } from "../api/queries";
import type { ServicesSearch } from "./router";

/** What the pages' routes know besides their addresses. */
export type Context = { client: QueryClient };

export function overviewAhead({ client }: Context): void {
  ahead(client, () => {
    void client.prefetchQuery(summary);
    void client.prefetchQuery(sources);
    void client.prefetchQuery(trend);
  });
}

export function servicesAhead({ client }: Context, search: ServicesSearch): void {
  const { column: _, ...asked } = search;
  ahead(client, () => {
    void client.prefetchInfiniteQuery(services(asked));
    void client.prefetchQuery(summary);
  });
}

/** Asks once it is known that who looks may see it: who has to sign in first would only be refused. */
function ahead(client: QueryClient, ask: () => void): void {
  client.ensureQueryData(session).then(
    ({ needed, role }) => {
      if (!needed || role) {
        ask();
      }
    },
    // The page itself says so where the question fails.
    () => {},
  );
}
