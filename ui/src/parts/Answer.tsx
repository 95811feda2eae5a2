// What was asked for: that it is on its way, why it cannot be had, or what it is.
import { Failure, Loading } from "./States";

export type Asked<T> = {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  isError: boolean;
  refetch: () => unknown;
};

type Props<T> = {
  of: Asked<T>;
  /** How many lines stand for it while it is on its way. */
  rows?: number;
  children: (data: T) => React.ReactNode;
};

export function Answer<T>({ of, rows, children }: Props<T>) {
  if (of.isPending) {
    return <Loading rows={rows} />;
  }
  if (of.isError || of.data === undefined) {
    return <Failure error={of.error} retry={() => void of.refetch()} />;
  }
  return children(of.data);
}
