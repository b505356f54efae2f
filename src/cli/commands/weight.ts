// `bal weight`: another share of new connections for a backend, until further notice.

import { defineCommand } from "citty";
import { printable } from "../../base/printable.ts";
import { readOverride } from "../../control/backends/override.ts";
import { locateHome } from "../../control/host/home.ts";
import { clientOf } from "../client-of.ts";
import { type ExitCode, usageError } from "../exit.ts";
import { findBackend, nameArgument, spell, steer } from "../named-backend.ts";
import { say } from "../output.ts";

export const weight = defineCommand({
  meta: { name: "weight", description: "Change a backend's share of new connections" },
  args: {
    name: nameArgument,
    n: {
      type: "positional",
      required: true,
      description: "the weight, from 0 to 256; with 0 it gets no new connections",
    },
  },
  async run({ args }): Promise<ExitCode> {
    const next = readWeight(args.n);
    const home = locateHome();
    const client = clientOf(home);
    const named = await findBackend(client, home, args.name);
    const { override } = await steer(client, home, [named, { weight: next }]);
    const from = named.status.weight;
    const note = override?.weight === undefined ? ", as in the config" : "";
    say(1, printable(`${spell(named)}: weight ${from} → ${next}${note}`));
    return 0;
  },
});

/** Throws BalError `usage`. */
function readWeight(text: string): number {
  const read = readOverride({ weight: /^\d{1,9}$/.test(text) ? Number(text) : text });
  if (read.kind === "valid") return read.override.weight ?? 0;
  throw usageError(read.message);
}
