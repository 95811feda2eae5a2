// A table of any length: only the rows in sight are in the page, and the next ones are asked for before they are reached.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

/** Height of a row, in pixels; the style sheet has the same. */
const ROW = 40;
/** How many rows before the end the next ones are asked for. */
const AHEAD = 60;

export type Column<T> = {
  key: string;
  title: React.ReactNode;
  /** The width, as `grid-template-columns` has it. */
  width: string;
  cell: (row: T) => React.ReactNode;
  /** Whether a click on the head sorts by this column; absent: it cannot be. */
  sort?: { order: "ascending" | "descending" | "none"; toggle: () => void };
};

type Props<T> = {
  label: string;
  columns: Column<T>[];
  rows: T[];
  /** How many there are in all, where that is known. */
  total?: number | undefined;
  id: (row: T) => string;
  more: boolean;
  loadMore: () => void;
};

export function Table<T>({ label, columns, rows, total, id, more, loadMore }: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;

  useEffect(() => {
    if (more && last >= rows.length - AHEAD) {
      loadMore();
    }
  }, [more, last, rows.length, loadMore]);

  const template = { gridTemplateColumns: columns.map((column) => column.width).join(" ") };
  return (
    // What scrolls can be reached by the keyboard.
    <div className="table" ref={scroller} tabIndex={0} role="table" aria-label={label} aria-rowcount={total ?? -1}>
      <div className="table-head" role="rowgroup">
        <div className="table-row" role="row" style={template}>
          {columns.map((column) => (
            <Head key={column.key} column={column} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
        {shown.map((item) => {
          const row = rows[item.index];
          return row === undefined ? null : (
            <div
              key={id(row)}
              role="row"
              aria-rowindex={item.index + 1}
              className="table-row"
              style={{ ...template, transform: `translateY(${item.start}px)` }}
            >
              {columns.map((column) => (
                <div key={column.key} role="cell" className="cell">
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Head<T>({ column }: { column: Column<T> }) {
  if (!column.sort) {
    return (
      <div role="columnheader" className="cell">
        {column.title}
      </div>
    );
  }
  const { order, toggle } = column.sort;
  const sign = order === "ascending" ? "↑" : order === "descending" ? "↓" : "";
  return (
    <div role="columnheader" className="cell" aria-sort={order}>
      <button type="button" className="sort" onClick={toggle}>
        {column.title} <span aria-hidden="true">{sign}</span>
      </button>
    </div>
  );
}
