// What went wrong with a source the last time, and what to do about it.
import type { SourceStatus } from "../api/types";
import { Prose } from "./Prose";

type Props = {
  of: SourceStatus | null | undefined;
  /** What else is to be said, by the time of the error. */
  children?: (at: string) => React.ReactNode;
};

export function LastError({ of, children }: Props) {
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
      {children?.(error.at)}
    </div>
  ) : null;
}
