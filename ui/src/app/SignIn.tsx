// Where the server wants a token: it is given once, and the browser keeps a cookie that no script can read.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../api/client";
import { Failure } from "../parts/States";

export function SignIn() {
  const client = useQueryClient();
  const [token, setToken] = useState("");
  const signIn = useMutation({
    mutationFn: () => post("/session", { token }),
    onSuccess: () => client.resetQueries(),
  });
  return (
    <main className="sign-in">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Backstitch</h1>
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
          Whoever runs Backstitch has it: it is in the file that <code>api_token_file</code> names.
        </p>
        {signIn.isError ? <Failure error={signIn.error} /> : null}
        <button type="submit" className="button primary" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
