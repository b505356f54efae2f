// A table with a head, and the table of listeners.

import type { ListenerStatus } from "../../../api/admin-api.ts";
import { destinationOf } from "../../../api/destination.ts";
import { countFigure } from "../../../base/figures.ts";
import { arrange, element, setClass, setText } from "./elements.ts";

export type Column = { readonly title: string; readonly class?: string };

/** `rank-1` to `rank-4` give way to a narrow window, the highest first. */
export function tableOf(caption: string, columns: readonly Column[], ...bodies: HTMLElement[]) {
  const heads = columns.map(({ title, class: name }) =>
    element("th", { scope: "col", ...(name !== undefined && { class: name }) }, [title]),
  );
  const head = element("thead", {}, [element("tr", {}, heads)]);
  return element("table", {}, [
    element("caption", { class: "spoken" }, [caption]),
    head,
    ...bodies,
  ]);
}

const COLUMNS: readonly Column[] = [
  { title: "Listener", class: "named" },
  { title: "Address", class: "named" },
  { title: "Pool", class: "pool-column rank-1" },
  { title: "Active", class: "number" },
  { title: "Accepted", class: "number rank-1" },
  { title: "Refused", class: "number refused" },
  { title: "Why refused", class: "reasons rank-1" },
];

type Row = { readonly root: HTMLElement; readonly cells: readonly HTMLElement[] };

export class ListenersTable {
  private readonly body = element("tbody");
  private readonly rows = new Map<string, Row>();

  constructor(parent: HTMLElement) {
    parent.append(tableOf("Listeners", COLUMNS, this.body));
  }

  /** `refusing`: the names of those that turned clients away lately. */
  show(listeners: readonly ListenerStatus[], refusing: ReadonlySet<string>): void {
    const shown = listeners.map((listener) => {
      const { name, address, active, max_connections, accepted, refused } = listener;
      const row = this.rows.get(name) ?? makeRow();
      this.rows.set(name, row);
      const room = max_connections === 0 ? "" : ` of ${countFigure(max_connections)}`;
      const texts = [
        ...[name, address, `→ ${destinationOf(listener)}`],
        ...[countFigure(active) + room, countFigure(accepted), countFigure(refused)],
        reasonsOf(listener),
      ];
      for (const [index, cell] of row.cells.entries()) setText(cell, texts[index] ?? "");
      const isLate = refusing.has(name);
      setClass(row.root, isLate ? "refusing" : refused > 0 ? "has-refused" : "");
      return row.root;
    });
    arrange(this.body, shown);
    for (const [name, { root }] of this.rows) if (!root.isConnected) this.rows.delete(name);
  }
}

/** `no_route 3, denied 2`: the most frequent first. */
function reasonsOf({ refused_by }: ListenerStatus): string {
  const counts = Object.entries(refused_by).toSorted(([, a], [, b]) => b - a);
  return counts.map(([reason, count]) => `${reason} ${countFigure(count)}`).join(", ");
}

function makeRow(): Row {
  const cells = COLUMNS.map(({ title, class: name = "" }) =>
    title === "Listener"
      ? element("th", { scope: "row", class: `${name} name` })
      : element("td", { class: title === "Address" ? `${name} name` : name }),
  );
  return { root: element("tr", {}, cells), cells };
}
