// What went wrong with a source the last time, and what to do about it.
import type { SourceStatus } from "../api/types";
import { Prose } from "./Prose";

export function LastError({ of, children }: { of: SourceStatus | null | undefined; children?: React.ReactNode }) {
  const error = of?.last_error;
  return error ? (
    <div className="failure">
      <strong>
        <Prose text={error.message} />
      </strong>
      {error.remedy ? (
        <p className="hint">
          <Prose text={error.remedy} />
        </p>
      ) : null}
      {children}
    </div>
  ) : null;
}
