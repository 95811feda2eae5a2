// What is around every page: where one can go, the search, and whether the server is heard.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { remove } from "../api/client";
import { type Connection, listen } from "../api/live";
import { integrationsEnabled, session as whoLooks, sources } from "../api/queries";
import type { Session } from "../api/types";
import { SearchDialog } from "./SearchDialog";
import { SignIn } from "./SignIn";
import { applyTheme, savedTheme, type Theme } from "./theme";

const PAGES = [
  { to: "/", label: "Overview" },
  { to: "/services", label: "Services" },
  { to: "/components", label: "Components" },
  { to: "/owners", label: "Owners" },
  { to: "/graph", label: "Graph" },
  { to: "/decisions", label: "Decisions" },
  { to: "/playground", label: "Mapping" },
  { to: "/sources", label: "Sources" },
  { to: "/integrations", label: "Integrations" },
] as const;

export function Shell() {
  const { data, isPending } = useQuery(whoLooks);
  if (isPending) {
    return null;
  }
  // Where the question itself fails, the pages say so better.
  return data?.needed && !data.role ? <SignIn methods={data.methods} /> : <Pages session={data} />;
}

function Pages({ session }: { session: Session | undefined }) {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>("open");
  const [searching, setSearching] = useState(false);
  const main = useRef<HTMLElement>(null);
  const asks = { ...integrationsEnabled, enabled: session?.role === "admin" };
  const integrates = useQuery(asks).data?.enabled ?? false;
  const path = useRouterState({ select: (state) => state.location.pathname });

  useEffect(() => listen(client, setConnection), [client]);

  useEffect(() => {
    function open(event: KeyboardEvent): void {
      const writes = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
      const control = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
      if (control || (event.key === "/" && !writes)) {
        event.preventDefault();
        setSearching(true);
      }
    }
    window.addEventListener("keydown", open);
    return () => window.removeEventListener("keydown", open);
  }, []);

  // Who reads by ear is put at the new page's beginning.
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
    } else {
      main.current?.focus();
    }
  }, [path]);

  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" width="26" height="26" />
          <span>Backstitch</span>
        </Link>
        <button type="button" className="search-open" onClick={() => setSearching(true)}>
          <span className="search-text">Search services, components, owners, pods</span>
          <kbd>/</kbd>
        </button>
        <ThemeButton />
        {session?.until != null ? <Who session={session} /> : null}
      </header>
      <nav className="rail" aria-label="Pages">
        {PAGES.filter(({ to }) => to !== "/integrations" || integrates).map(({ to, label }) => (
          <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }}>
            {label}
            {to === "/sources" ? <SourcesMark /> : null}
          </Link>
        ))}
        {session?.needed && session.role === "admin" ? <Link to="/access">Access</Link> : null}
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {connection === "lost" ? (
          <p className="banner warn" role="status">
            The server is not heard at the moment. What you see may be old; the page goes on by itself when it is back.
          </p>
        ) : null}
        <Outlet />
      </main>
      {searching ? <SearchDialog close={() => setSearching(false)} /> : null}
    </div>
  );
}

/** Who looks, and the way out. */
function Who({ session }: { session: Session }) {
  const client = useQueryClient();
  const signOut = useMutation({ mutationFn: () => remove("/session"), onSuccess: () => client.resetQueries() });
  return (
    <>
      {session.name ? (
        <span
          className="who"
          title={`${session.name}, ${session.role}${session.teams?.length ? ` of ${session.teams.join(", ")}` : ""}`}
        >
          <strong>{session.name}</strong> <span className="quiet">{session.role}</span>
        </span>
      ) : null}
      <button type="button" className="button" onClick={() => signOut.mutate()}>
        Sign out
      </button>
    </>
  );
}

/** How many sources are not up to date. */
function SourcesMark() {
  const { data } = useQuery(sources);
  const troubled = data?.items.filter(({ phase }) => !["ready", "starting", "paused"].includes(phase)).length ?? 0;
  return troubled > 0 ? (
    <span className="mark" aria-label={`${troubled} not up to date`}>
      {troubled}
    </span>
  ) : null;
}

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const FACES: Record<Theme, string> = { system: "◐", light: "☀", dark: "☾" };

function ThemeButton() {
  const [theme, setTheme] = useState(savedTheme);
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Colours: ${theme}. Change to ${NEXT[theme]}`}
      title={`Colours: ${theme}`}
      onClick={() => {
        applyTheme(NEXT[theme]);
        setTheme(NEXT[theme]);
      }}
    >
      <span aria-hidden="true">{FACES[theme]}</span>
    </button>
  );
}
