// SPDX-License-Identifier: Apache-2.0
// A dense table: sticky head, whole row a link, more rows as one scrolls; on a phone, cards.
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Paged } from "@/api/use";
import { go } from "@/state/route";
import { Problem, Skeleton } from "./parts";
import { tell } from "./toast";

export interface Column<T> { key: string; head: () => ComponentChildren; cell: (row: T) => ComponentChildren; width?: string; minor?: boolean; end?: boolean; label?: string }
interface Props<T> { columns: Column<T>[]; rows: T[]; id: (row: T) => string; href?: (row: T) => string; onRow?: (row: T) => void; list: Pick<Paged<T>, "loading" | "error" | "more" | "reload">; empty: VNode; current?: string | null }

export function Table<T>({ columns, rows, id, href, onRow, list, empty, current }: Props<T>) {
  const end = useRef<HTMLDivElement>(null);
  const more = useRef(list.more);
  more.current = list.loading ? null : list.more;
  useEffect(() => {
    const seen = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && more.current?.(), { rootMargin: "600px" });
    if (end.current) seen.observe(end.current);
    return () => seen.disconnect();
  }, [rows.length]);
  const open = (e: MouseEvent | KeyboardEvent, row: T) => {
    if ((e.target as Element).closest("a, button, input, select") || getSelection()?.type === "Range") return;
    if (href && (e.metaKey || e.ctrlKey)) window.open(href(row), "_blank", "noopener");
    else if (href) go(href(row));
    else onRow?.(row);
  };
  const acts = !!(href || onRow);
  return (
    <div class="table-box">
      {list.error && <Problem error={tell(list.error)} retry={list.reload} />}
      {rows.length === 0 ? (list.loading ? <Skeleton rows={10} /> : !list.error && empty) : (
        <table class={acts ? "table acts" : "table"}>
          <colgroup>{columns.map((c) => <col key={c.key} class={c.minor ? "minor" : ""} style={c.width ? { width: c.width } : undefined} />)}</colgroup>
          <thead><tr>{columns.map((c) => <th key={c.key} scope="col" class={`${c.minor ? "minor" : ""}${c.end ? " end" : ""}`}>{c.head()}</th>)}</tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={id(row)} aria-selected={current === id(row) || undefined} tabIndex={acts ? 0 : undefined} onClick={acts ? (e) => open(e, row) : undefined}
                onKeyDown={acts ? (e) => { if (e.key === "Enter" && e.target === e.currentTarget) open(e, row); } : undefined}>
                {columns.map((c) => <td key={c.key} data-key={c.key} data-label={c.label} class={`${c.minor ? "minor" : ""}${c.end ? " end" : ""}`}>{c.cell(row)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div ref={end} class="table-end">{rows.length > 0 && list.loading && <span class="spinner" />}</div>
    </div>
  );
}
