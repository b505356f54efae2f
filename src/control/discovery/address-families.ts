// The addresses of one name, which are asked for family by family. The one that is there does not wait
// for the one that is late (RFC 8305, section 3).
import { parseIp } from "../../base/address.ts";
import { codeOf } from "../../base/os-error.ts";
import { isAbsent } from "./resolver.ts";

export type Found = { readonly address: string; readonly ttl: number };

export type Family = {
  readonly found: readonly Found[];
  /** Addresses that were known before and still count, because the family was not answered. */
  readonly kept: readonly string[];
  /** Null: it was answered. */
  readonly error: string | null;
};

/** How long the addresses of one family wait for those of the other. */
const OTHER_FAMILY_MS = 50;

/** IPv4 and IPv6, each as it was asked for. Resolves when both are answered, or soon after one of them has
 *  an address: then `late` resolves with both. */
export async function askFamilies(
  asked: readonly [Promise<readonly Found[]>, Promise<readonly Found[]>],
  known: readonly string[],
): Promise<{
  readonly families: readonly Family[];
  readonly late: Promise<readonly Family[]> | null;
}> {
  const waiting = ([4, 6] as const).map((family) => unanswered(family, known, "ETIMEOUT"));
  const soon = Promise.withResolvers<null>();
  const both = Promise.all(
    asked.map(async (answer, index) => {
      const family = await familyOf(index === 0 ? 4 : 6, known, answer);
      waiting[index] = family;
      if (family.found.length > 0) setTimeout(() => soon.resolve(null), OTHER_FAMILY_MS);
      return family;
    }),
  );
  const families = await Promise.race([both, soon.promise]);
  return families === null ? { families: waiting, late: both } : { families, late: null };
}

/** Never rejects. */
async function familyOf(
  family: 4 | 6,
  known: readonly string[],
  asked: Promise<readonly Found[]>,
): Promise<Family> {
  try {
    return { found: await asked, kept: [], error: null };
  } catch (cause) {
    const error = codeOf(cause) ?? String(cause);
    return isAbsent(error) ? { found: [], kept: [], error } : unanswered(family, known, error);
  }
}

function unanswered(family: 4 | 6, known: readonly string[], error: string): Family {
  const kept = known.filter((address) => parseIp(address)?.family === family);
  return { found: [], kept, error };
}
