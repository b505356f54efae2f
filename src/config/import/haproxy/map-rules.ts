// `use_backend %[req.ssl_sni,lower,map(FILE,DEFAULT)]`: a file of names and pools.
import type { Condition } from "./conditions.ts";
import type { Line } from "./lexer.ts";
import type { Choice, RuleSources } from "./rules.ts";
import { named, regexTest, type Test, unlisted } from "./tests.ts";

const SNI_MAP =
  /^%\[(?:req[._]ssl_sni|ssl_fc_sni)(?:,lower)?,map(?:_(str|end|dom|reg|beg|sub))?\(([^,)]+)(?:,([^)]+))?\)\]$/;

/** A choice for each line of the map. */
export function readMapRules(
  line: Line,
  expression: string,
  { notes, readList }: RuleSources,
): readonly Choice[] {
  const [, how = "str", path = "", usual] = SNI_MAP.exec(expression) ?? [];
  const rows = path === "" ? null : readList(path);
  if (rows === null) {
    const message =
      path === ""
        ? "bal has no expressions; write a route for each pool: {sni: [NAME], pool: POOL}"
        : `the map ${path} can't be read here; write a route for each of its lines: {sni: [NAME], pool: POOL}`;
    notes.lost(line, message);
    return [];
  }
  const choices = rows.flatMap((row): Choice[] => {
    const [key = "", pool] = row.split(/\s+/);
    const test = pool === undefined ? null : testOf(how, key.toLowerCase());
    if (pool === undefined || test === null) return [];
    return [{ line, pool, condition: [[{ isNegated: false, tests: [test] }]] }];
  });
  const always: Condition = [[]];
  return usual === undefined ? choices : [...choices, { line, pool: usual, condition: always }];
}

function testOf(how: string, key: string): Test | null {
  switch (how) {
    case "str":
      return named([key], (name) => name === key);
    case "end":
    case "dom":
      return named(key.startsWith(".") ? [`*${key}`] : [key, `*.${key}`], (name) =>
        name.endsWith(key),
      );
    case "beg":
      return unlisted((name) => name.startsWith(key));
    case "sub":
      return unlisted((name) => name.includes(key));
    default:
      return how === "reg" ? regexTest([key]) : null;
  }
}
