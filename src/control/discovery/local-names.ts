// This host's own sources of names: /etc/hosts, and the search list of /etc/resolv.conf. Both
// files are read when they are asked for: they may change at any time.
import { readFile } from "node:fs/promises";
import { parseIp } from "../../base/address.ts";

/** The addresses that /etc/hosts has for a name; none where it has none, or can't be read. */
export async function addressesInHosts(name: string, file = "/etc/hosts") {
  const lines = (await textOf(file)).split("\n");
  return lines.flatMap((line) => {
    const [address = "", ...names] = wordsOf(line);
    const isMeant = names.some((other) => other.toLowerCase() === name);
    return isMeant ? (parseIp(address)?.ip ?? []) : [];
  });
}

/**
 * The full names that a name may stand for, in the order to ask: resolv.conf(5), `search` and `ndots`. One that
 * ends in a dot is complete.
 */
export async function searchList(
  name: string,
  file = "/etc/resolv.conf",
): Promise<readonly string[]> {
  if (name.endsWith(".")) return [name];
  let suffixes: readonly string[] = [];
  let ndots = 1;
  for (const line of (await textOf(file)).split("\n")) {
    const [keyword, ...values] = wordsOf(line);
    // The last of them holds.
    if (keyword === "search" || keyword === "domain") suffixes = values;
    if (keyword !== "options") continue;
    const digits = values.find((value) => /^ndots:\d{1,2}$/.test(value))?.slice("ndots:".length);
    if (digits !== undefined) ndots = Number(digits);
  }
  const complete = suffixes.map((suffix) => `${name}.${suffix.replace(/^\.|\.$/g, "")}.`);
  const isFirst = name.split(".").length > ndots;
  return isFirst ? [`${name}.`, ...complete] : [...complete, `${name}.`];
}

function wordsOf(line: string): readonly string[] {
  const text = line.replace(/[#;].*$/, "").trim();
  return text === "" ? [] : text.split(/\s+/);
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, "utf8").catch(() => "");
}
