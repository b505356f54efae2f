// Commands about one backend of the running bal: which one is meant, and what is asked of it.

import type { BackendStatus, Override, Status, Steered } from "../api/admin-api.ts";
import type { AdminClient, Answer, BackendName } from "../api/client.ts";
import { BalError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { suggest } from "../config/suggest.ts";
import type { Home } from "../control/host/home.ts";
import { explainSilence, unanswered } from "./not-running.ts";
import { say } from "./output.ts";

export const nameArgument = {
  type: "positional",
  required: true,
  description: "a backend, as `bal status` names it: NAME, or POOL/NAME",
} as const;

export type Named = BackendName & { readonly status: BackendStatus };

/** `web/10.0.0.1:80`, for people. */
export function spell({ pool, backend }: BackendName): string {
  return `${pool}/${backend}`;
}

/** Asks the running bal. Throws BalError when it does not answer, or refuses. */
export async function asked<T>(answer: Promise<Answer<T>>, home: Home): Promise<T> {
  const came = await answer.catch(explainSilence(home));
  if (came.kind === "ok") return came.body;
  if (came.kind === "absent") throw unanswered(home);
  const { code, message, hint } = came.error;
  throw new BalError(code, message, { ...(hint !== undefined && { hint }) });
}

/** Changes a backend by hand, and says on stderr when that will not outlast a restart. Throws as `asked`. */
export async function steer(
  client: AdminClient,
  home: Home,
  [named, change]: readonly [BackendName, Override],
): Promise<Steered> {
  const after = await asked(client.override(named, change), home);
  if (after.unsaved !== undefined) say(2, printable(`warning: ${after.unsaved}`));
  return after;
}

/** The one backend of that name. Throws BalError `unknown-backend` or `ambiguous-backend`. */
export async function findBackend(client: AdminClient, home: Home, name: string): Promise<Named> {
  return pickBackend(await asked(client.status(), home), name);
}

export function pickBackend({ pools }: Status, name: string): Named {
  const all = pools.flatMap((pool) =>
    pool.backends.map((status) => ({ pool: pool.name, backend: status.name, status })),
  );
  const meant = all.filter((one) => one.backend === name || spell(one) === name);
  const [found, another] = meant;
  if (found === undefined) throw unknown(name, all);
  if (another === undefined) return found;
  const choices = meant.map(spell).join(", ");
  throw new BalError("ambiguous-backend", `more than one backend is called ${name}: ${choices}`, {
    hint: `name its pool as well: ${spell(found)}`,
  });
}

function unknown(name: string, all: readonly Named[]): BalError {
  const near = suggest(
    name,
    all.flatMap((one) => [one.backend, spell(one)]),
  );
  const hint = near === null ? "`bal status` lists them" : `did you mean \`${near}\`?`;
  return new BalError("unknown-backend", `there is no backend ${name}`, { hint });
}
