// Names of other programs as bal can have them.

/** Characters that no name has become `-`. */
export function nameOf(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.:[\]/-]/g, "-").slice(0, 128) || "unnamed";
}

/** The name, or the first with a number behind it that nobody has. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) {
    if (!taken.has(`${name}-${number}`)) return `${name}-${number}`;
  }
}
