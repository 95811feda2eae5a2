// A list of the API as a table: its pages one after the other, and the next one before it is reached.
import { useCallback, useMemo } from "react";
import { Answer, type Asked } from "./Answer";
import { type Column, Table } from "./Table";

type List<T> = Asked<{ pages: { items: T[] }[] }> & {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
};

/** The rows that were asked for are there, or will not come: what looks at the whole list for the sake of counts may follow. */
export function isSettled({
  isPending,
  isPlaceholderData,
}: {
  isPending: boolean;
  isPlaceholderData: boolean;
}): boolean {
  return !isPending && !isPlaceholderData;
}

type Props<T> = {
  label: string;
  list: List<T>;
  columns: Column<T>[];
  total: number | undefined;
  id: (row: T) => string;
  /** What stands there instead of a table without rows. */
  empty: React.ReactNode;
};

export function PagedTable<T>({ list, empty, ...table }: Props<T>) {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const loadMore = useCallback(() => {
    if (!isFetchingNextPage) {
      void fetchNextPage();
    }
  }, [fetchNextPage, isFetchingNextPage]);
  return (
    <Answer of={list} rows={12}>
      {() => (rows.length === 0 ? empty : <Table {...table} rows={rows} more={hasNextPage} loadMore={loadMore} />)}
    </Answer>
  );
}
