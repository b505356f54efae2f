// A config of deploy/recipes, moved to the addresses of a cluster.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

type Moves = {
  /** Where the first listener listens, on 127.0.0.1; the others are left out. */
  readonly listener: number;
  /** By the port that is written. */
  readonly ports: Readonly<Record<number, number>>;
  readonly host: (node: number) => string;
};

export function recipe(name: string, { listener, ports, host }: Moves): object {
  const path = join(import.meta.dir, "../../deploy/recipes", `${name}.yaml`);
  const { listeners, ...rest } = moved(parse(readFileSync(path, "utf8")), { ports, host }) as {
    readonly listeners: readonly object[];
  };
  const [first] = listeners;
  return { listeners: [{ ...first, bind_address: "127.0.0.1", port: listener }], ...rest };
}

function moved(value: unknown, moves: Omit<Moves, "listener">, key = ""): unknown {
  if (key === "port") return moves.ports[value as number] ?? value;
  if (key === "host") return moves.host(Number(String(value).split(".").at(-1)));
  if (Array.isArray(value)) return value.map((one) => moved(one, moves));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, moved(one, moves, name)]),
  );
}
