// Every key of the schema, with a config in which it can be written.
import { describeField, type Field } from "../../src/config/schema/field.ts";
import { schema } from "../../src/config/schema/schema.ts";
import { TYPES_OF } from "../../src/config/validate/validate-health.ts";

export type Step = string | number;

export type Place = {
  /** As diagnostics write it: `pools.web.backends[0].port`. */
  readonly path: string;
  readonly steps: readonly Step[];
  readonly field: Field;
  readonly default?: string | number | boolean;
};

const backends = [
  { host: "a.internal", port: 80 },
  { host: "b.internal", port: 80 },
];
const simple = { backends };
const full = {
  listeners: [{ name: "edge", port: 8443, pool: "web" }],
  pools: { web: { backends } },
};

/** Each key that has a place of its own, those inside lists and maps as well. */
export function places(field: Field = schema, steps: readonly Step[] = []): readonly Place[] {
  switch (field.kind) {
    case "map":
      return Object.entries(field.keys).flatMap(([name, key]) => {
        const inner = [...steps, name];
        const own = { path: pathOf(inner), steps: inner, field: key.field };
        const isDefaulted = key.default !== undefined;
        return [isDefaulted ? { ...own, default: key.default } : own, ...places(key.field, inner)];
      });
    case "list":
      return places(field.of, [...steps, 0]);
    case "named":
      return places(field.of, [...steps, "web"]);
    case "either":
      return [...places(field.word, steps), ...places(field.map, steps)];
    default:
      return [];
  }
}

/** A config that is valid but for what is written at one place. */
export function configWith({ steps }: Place, value: unknown): unknown {
  const isFull = steps[0] === "listeners" || steps[0] === "pools";
  const config: Record<Step, unknown> = structuredClone(isFull ? full : simple);
  const last = steps.at(-1) ?? "";
  let at = config;
  for (const [depth, step] of steps.slice(0, -1).entries()) {
    at[step] ??= typeof steps[depth + 1] === "number" ? [] : companions(steps, depth);
    // In place of a pool.
    if (step === "routes") delete at.pool;
    at = at[step] as Record<Step, unknown>;
  }
  if (last === "routes") delete at.pool;
  if (steps[0] === "listeners" && (last === "unix" || last === "mode")) {
    delete at.port;
    at.unix = "/run/edge.sock";
  }
  at[last] = value;
  return config;
}

/** The keys that a key needs beside it, in the map at this depth of its path. */
function companions(steps: readonly Step[], depth: number): Record<Step, unknown> {
  const [step, last] = [steps[depth], steps.at(-1)];
  if (step === "health_check" || steps[depth - 1] === "health_check")
    return checkWith(steps[depth + 1] ?? "");
  if (step === "discover") {
    return last === "port" ? { dns: "a.internal" } : last === "max" ? { srv: "_a._tcp.test" } : {};
  }
  if (step === "proxy_protocol") {
    return steps[depth - 2] === "listeners" ? { trusted: ["10.0.0.0/8"] } : { version: "v2" };
  }
  if (step === "access" && last !== "mode") return { mode: "all" };
  if (steps[depth - 1] !== "routes") return {};
  return last === "pool" || last === "refuse" ? { default: true } : { pool: "web" };
}

/** A check of a type that has this key, and what it needs beside. */
function checkWith(key: Step): Record<Step, unknown> {
  const [type] = TYPES_OF[key as keyof typeof TYPES_OF] ?? [];
  return {
    ...(type !== undefined && { type }),
    ...((key === "cert" || key === "key") && { cert: "c.pem", key: "k.pem" }),
  };
}

/** Without the word `auto`. */
export function withoutAuto(field: Field): Field {
  return field.kind === "auto" ? field.or : field;
}

export function allowedAt({ field }: Place): string {
  return describeField(field);
}

function pathOf(steps: readonly Step[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === "number") return `${path}[${step}]`;
    return path === "" ? step : `${path}.${step}`;
  }, "");
}
