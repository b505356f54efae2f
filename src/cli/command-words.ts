// The commands' own definitions as plain data, for what is made from them: completions, the manual.
import type { ArgDef, ArgsDef, CommandDef } from "citty";

/** The words that may stand at a place of the command line. */
export type Offer =
  | { readonly kind: "nothing" | "files" | "backends" }
  | { readonly kind: "words"; readonly words: readonly string[] };

export type Option = {
  /** Without its dashes. */
  readonly name: string;
  /** A letter, or null. */
  readonly short: string | null;
  /** The name of its value; null when it takes none. */
  readonly value: string | null;
  readonly offer: Offer;
  readonly description: string;
};

/** An argument that is known by its position. */
export type Place = {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isRepeated: boolean;
  readonly offer: Offer;
  readonly description: string;
};

export type CommandWords = {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
  readonly places: readonly Place[];
};

export type Commands = Readonly<Record<string, () => Promise<CommandDef>>>;

/** Those whose first word is a backend of the running bal. */
const ABOUT_A_BACKEND = new Set(["drain", "undrain", "weight"]);

const HELP: Option = {
  name: "help",
  short: "h",
  value: null,
  offer: { kind: "nothing" },
  description: "show this help",
};

export async function describeCommands(commands: Commands): Promise<readonly CommandWords[]> {
  return await Promise.all(
    Object.entries(commands).map(async ([name, load]) => describe(name, await load())),
  );
}

async function describe(name: string, command: CommandDef): Promise<CommandWords> {
  const { description = "" } = (await resolve(command.meta)) ?? {};
  const args = Object.entries(((await resolve(command.args)) ?? {}) as ArgsDef);
  const options = args.filter(([, { type }]) => type !== "positional");
  const places = args.filter(([, { type }]) => type === "positional");
  return {
    name,
    description,
    options: [...options.map(([option, arg]) => describeOption(option, arg)), HELP],
    places: places.map(([place, arg], index) => ({
      name: place.toUpperCase(),
      isRequired: arg.required ?? true,
      isRepeated: canRepeat(arg),
      offer: ABOUT_A_BACKEND.has(name) && index === 0 ? { kind: "backends" } : offerOf(place, arg),
      description: arg.description ?? "",
    })),
  };
}

/** Whether the last argument of a command may stand more than once. */
export function canRepeat({ valueHint }: { readonly valueHint?: string }): boolean {
  return valueHint?.endsWith("…") === true;
}

function describeOption(name: string, arg: ArgDef): Option {
  const alias = "alias" in arg ? [arg.alias ?? []].flat() : [];
  return {
    name,
    short: alias.find((word) => word.length === 1) ?? null,
    value:
      arg.type === "boolean" ? null : (arg.valueHint ?? name.replace(/^.*-/, "").toUpperCase()),
    offer: offerOf(name, arg),
    description: arg.description ?? "",
  };
}

function offerOf(name: string, arg: ArgDef): Offer {
  const words = "options" in arg ? arg.options : undefined;
  if (Array.isArray(words)) return { kind: "words", words };
  const isFile = arg.valueHint === "FILE" || (arg.type === "positional" && name === "file");
  return { kind: isFile ? "files" : "nothing" };
}

async function resolve<T>(value: T | Promise<T> | (() => T | Promise<T>)): Promise<T> {
  return await (value instanceof Function ? value() : value);
}
