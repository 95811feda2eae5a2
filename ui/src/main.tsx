import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { session } from "./api/queries";
import { applyTheme, savedTheme } from "./app/theme";
import { makeRouter } from "./app/router";
import "./style/index.css";

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // The session is over, or the token is another one: ask whether to sign in.
    onError: (error) => {
      if (error instanceof ApiError && error.problem.status === 401) {
        void client.invalidateQueries({ queryKey: ["session"] });
      }
    },
  }),
  defaultOptions: {
    queries: {
      // The server says when something changed; this is for what it does not tell.
      staleTime: 30_000,
      // What was refused is refused again; what did not answer may.
      retry: (times, error) => times < 2 && !(error instanceof ApiError && error.problem.status >= 400),
    },
  },
});

applyTheme(savedTheme());
// Nothing is shown before it is known who looks: that is asked while the page itself is still on its way.
void client.prefetchQuery(session);
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={makeRouter({ client })} />
    </QueryClientProvider>
  </StrictMode>,
);
