// What a page shows where there is nothing to show: not yet, nothing at all, or not to be had.
import { ApiError } from "../api/client";
import { Prose } from "./Prose";

export function Loading({ rows = 3 }: { rows?: number | undefined }) {
  return (
    <div className="loading" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className="bar" />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: React.ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children ? <p>{children}</p> : null}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <div className="failure" role="alert">
      <strong>{problem?.title ?? "This page cannot be shown"}</strong>
      <p>
        <Prose text={problem?.detail ?? String(error)} />
      </p>
      {problem?.hint ? (
        <p className="hint">
          <Prose text={problem.hint} />
        </p>
      ) : null}
      {retry ? (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      ) : null}
    </div>
  );
}
