// Where the server wants to know who looks: at a provider, or by a token that is given once. The browser keeps a cookie that no
// script can read.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../api/client";
import type { Session } from "../api/types";
import { Failure } from "../parts/States";

/** Why signing in at the provider came to nothing, by the word that the server sends back. */
const WHY: Record<string, string> = {
  denied: "The provider did not let you in, or you went back.",
  expired: "That took too long, or it began in another browser. Try again.",
  "no-role": "You are known, but nobody gave you a role here. Ask whoever runs Backstitch.",
  failed: "The provider does not answer as it should. The log of Backstitch says why.",
};

export function SignIn({ methods }: { methods: Session["methods"] }) {
  const byProvider = methods?.includes("oidc") ?? false;
  const [byToken, setByToken] = useState(!byProvider);
  // The address is read as it came: signing in is no page of its own.
  const why = WHY[new URLSearchParams(window.location.search).get("sign-in") ?? ""];
  return (
    <main className="sign-in">
      <div className="card">
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Backstitch</h1>
        {why ? (
          <p className="failure" role="alert">
            {why}
          </p>
        ) : null}
        {byProvider ? (
          <a className="button primary" href={`/api/v1/session/oidc?back=${encodeURIComponent(here())}`}>
            Sign in
          </a>
        ) : null}
        {byToken ? <ByToken /> : null}
        {byToken ? null : (
          <button type="button" className="link" onClick={() => setByToken(true)}>
            Sign in by a token
          </button>
        )}
      </div>
    </main>
  );
}

/** The page that one wanted, without the word of an attempt that failed. */
function here(): string {
  const { pathname, search } = window.location;
  return search.startsWith("?sign-in=") ? pathname : pathname + search;
}

function ByToken() {
  const client = useQueryClient();
  const [token, setToken] = useState("");
  const signIn = useMutation({
    mutationFn: () => post("/session", { token }),
    onSuccess: () => client.resetQueries(),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <label>
        Token of the API
        <input
          type="password"
          autoComplete="current-password"
          required
          autoFocus
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
      </label>
      <p className="quiet">
        The one in the file that <code>api_token_file</code> names, or one that an administrator made for you.
      </p>
      {signIn.isError ? <Failure error={signIn.error} /> : null}
      <button type="submit" className="button primary" disabled={signIn.isPending}>
        {signIn.isPending ? "Signing in…" : "Sign in"}
      </button>
    </form>
  );
}
