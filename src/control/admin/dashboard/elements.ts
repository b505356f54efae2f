// Elements of the page. What came over the network is set as text, never as markup.

type Attributes = { readonly [name: string]: string };
type Tag = keyof HTMLElementTagNameMap;

export function element<T extends Tag>(
  tag: T,
  attributes: Attributes = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function drawing<T extends keyof SVGElementTagNameMap>(
  tag: T,
  attributes: Attributes = {},
): SVGElementTagNameMap[T] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Finds the element of page.html with that id. */
export function byId<T extends Tag>(id: string, tag: T): HTMLElementTagNameMap[T] {
  const found = document.getElementById(id);
  if (found?.localName !== tag) throw new Error(`the page has no ${tag} #${id}`);
  return found as HTMLElementTagNameMap[T];
}

/** Only where it differs: a screen reader and the selection notice every change. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node: Element, name: string): void {
  if (node.getAttribute("class") !== name) node.setAttribute("class", name);
}

/** Makes `parent` have these children in this order, and moves none that stands right already. One that is
 *  moved keeps the focus. */
export function arrange(parent: Element, children: readonly Element[]): void {
  const focused = document.activeElement;
  const kept = new Set(children);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  for (const [index, child] of children.entries()) {
    const present = parent.children[index];
    if (present !== child) parent.insertBefore(child, present ?? null);
  }
  if (!(focused instanceof HTMLElement) || document.activeElement === focused) return;
  if (parent.contains(focused)) focused.focus({ preventScroll: true });
}

/** `03:04:05`, where the reader is. */
export function clockTime(epochMs: number): string {
  return new Date(epochMs).toLocaleTimeString([], { hourCycle: "h23" });
}

/** The day only where it is not today. */
export function dayAndTime(epochMs: number): string {
  const day = new Date(epochMs).toLocaleDateString();
  const time = clockTime(epochMs);
  return day === new Date().toLocaleDateString() ? time : `${day} ${time}`;
}
