// A table with a head, and the table of listeners.

import type { ListenerStatus } from "../../../api/admin-api.ts";
import { destinationOf } from "../../../api/destination.ts";
import { countFigure } from "../../../base/figures.ts";
import { arrange, element, setText } from "./elements.ts";

export type Column = { readonly title: string; readonly class?: string };

/** `rank-1` to `rank-4` give way to a narrow window, the highest first. */
export function tableOf(caption: string, columns: readonly Column[], body: HTMLElement) {
  const heads = columns.map(({ title, class: name }) =>
    element("th", { scope: "col", ...(name !== undefined && { class: name }) }, [title]),
  );
  const head = element("thead", {}, [element("tr", {}, heads)]);
  return element("table", {}, [element("caption", { class: "spoken" }, [caption]), head, body]);
}

const COLUMNS: readonly Column[] = [
  { title: "Listener", class: "named" },
  { title: "Address", class: "named" },
  { title: "Pool", class: "pool-column" },
  { title: "Active", class: "number" },
  { title: "Accepted", class: "number rank-1" },
  { title: "Refused", class: "number" },
];

type Row = { readonly root: HTMLElement; readonly cells: readonly HTMLElement[] };

export class ListenersTable {
  private readonly body = element("tbody");
  private readonly rows = new Map<string, Row>();

  constructor(parent: HTMLElement) {
    parent.append(tableOf("Listeners", COLUMNS, this.body));
  }

  show(listeners: readonly ListenerStatus[]): void {
    const shown = listeners.map((listener) => {
      const { name, address, active, accepted, refused } = listener;
      const row = this.rows.get(name) ?? makeRow();
      this.rows.set(name, row);
      const texts = [name, address, `→ ${destinationOf(listener)}`, active, accepted, refused].map(
        (value) => (typeof value === "number" ? countFigure(value) : value),
      );
      for (const [index, cell] of row.cells.entries()) setText(cell, texts[index] ?? "");
      return row.root;
    });
    arrange(this.body, shown);
    for (const [name, { root }] of this.rows) if (!root.isConnected) this.rows.delete(name);
  }
}

function makeRow(): Row {
  const cells = COLUMNS.map(({ title, class: name = "" }) =>
    title === "Listener"
      ? element("th", { scope: "row", class: `${name} name` })
      : element("td", { class: title === "Address" ? `${name} name` : name }),
  );
  return { root: element("tr", {}, cells), cells };
}
