// The access log as a test asks for it, and its lines as whoever reads it sees them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { at, type Bal, type ConfigObject, fullConfig } from "./bal.ts";
import { until } from "./until.ts";

export type AccessLine = { readonly [field: string]: string | number | null };

/** Whole lines only: one that is torn throws. */
export function parseLines(text: string): readonly AccessLine[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** The lines of a file in its home; none where it is not there yet. */
export function accessLines(bal: Pick<Bal, "home">, name = "access.log"): readonly AccessLine[] {
  const file = join(bal.home, name);
  return existsSync(file) ? parseLines(readFileSync(file, "utf8")) : [];
}

/** Waits until there are so many. */
export function untilLines(
  bal: Pick<Bal, "home">,
  count: number,
  name?: string,
): Promise<readonly AccessLine[]> {
  return until(`${count} lines are there`, () => {
    const lines = accessLines(bal, name);
    return lines.length >= count ? lines : null;
  });
}

/** To a file in the home. */
export const ALL = { access: { mode: "all", file: "access.log" } };
export type Place = { readonly port: number };

export type More = {
  readonly pool?: ConfigObject;
  readonly listener?: ConfigObject;
  readonly port?: number;
  readonly [key: string]: unknown;
};

/** The full form with the access log on, and no checks that would be in the way. `own`: keys of all backends. */
export function logged(
  backends: readonly Place[],
  { pool = {}, listener = {}, own = {}, log = ALL, ...extra }: More & { own?: ConfigObject } = {},
) {
  const parts = { pool: { health_check: { type: "off" }, ...pool }, listener };
  return fullConfig({ backends: backends.map((one) => at(one, own)), ...parts }, { log, ...extra });
}

/** The events of bal's own log in a file. */
export function eventsIn(bal: Pick<Bal, "home">, name: string): readonly string[] {
  return parseLines(readFileSync(join(bal.home, name), "utf8")).map(({ event }) => String(event));
}
