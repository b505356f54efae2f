// docs/ as one book: every page is in its table of contents, and every link leads somewhere.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Glob } from "bun";
import { MAX_SOCKET_PATH } from "../../src/base/address.ts";
import { MAX_FILE_BYTES } from "../../src/config/read-file.ts";
import { MAX_DURATION_MS } from "../../src/config/schema/field.ts";
import { MAX_PORTS } from "../../src/config/schema/field-makers.ts";
import { MAX_BACKENDS } from "../../src/config/schema/schema-backend.ts";
import { ENDS, endReason } from "../../src/shared/end-reason.ts";

const root = resolve(import.meta.dir, "../..");
const pages = [...new Glob("docs/**/*.md").scanSync(root)].sort();
const textOf = (page: string) => readFileSync(join(root, page), "utf8");

/** As GitHub makes them of headings. */
function anchorsOf(page: string): readonly string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every page is in docs/README.md", () => {
  const contents = textOf("docs/README.md");
  const missing = pages.filter((page) => page !== "docs/README.md");
  expect(missing.filter((page) => !contents.includes(`(${page.slice("docs/".length)})`))).toEqual(
    [],
  );
});

const others = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];

test.each([...others, ...pages])("the links of %s lead somewhere", (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
  const dead = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path, anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path!);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
  expect(dead).toEqual([]);
});

/** What plain English does without: it reads as translated, or has a plainer word. */
const phrases = [
  /(?:^|[.!:;] +|\| |- )(?:Of|What|Whoever|Whose) [a-z][^?.|]*(?:[.|]|$)/,
  /\b(?:lest|anew|how-manieth|[Ww]hoever|whose turn)\b/,
  /\b(?:is|are) told\b|\btells\b|\bjudge[sd]?\b|\bwhen not said\b|\bthose that are there\b|, as every\b/,
  /\bover the global ones\b|\b(?:taken|takes?) back\b|\bin one go\b|\bfinds? it gone\b|\bdrains? on\b/,
];

test.each([...others, "CHANGELOG.md", "src/ARCHITECTURE.md", ...pages])(
  "%s is in plain English",
  (page) => {
    const paragraphs = textOf(page)
      .replaceAll(/^```[\s\S]*?^```/gm, "")
      .split(/\n(?=\n|[-|#])/);
    const found = paragraphs
      .map((text) => text.trim().replaceAll(/\s+/g, " "))
      .filter((text) => phrases.some((phrase) => phrase.test(text)));
    expect(found).toEqual([]);
  },
);

test("help and messages are in plain English", () => {
  const sources = [...new Glob("src/**/*.ts").scanSync(root)].sort();
  const found = sources.flatMap((file) => {
    const code = textOf(file).replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
    const literals = code.match(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
    return literals
      .filter((text) => phrases.slice(1).some((phrase) => phrase.test(text)))
      .map((text) => `${file}: ${text}`);
  });
  expect(found).toEqual([]);
});

test("the changelog has each section of a version once, in order", () => {
  for (const version of textOf("CHANGELOG.md").split(/^## /m).slice(1)) {
    const sections = [...version.matchAll(/^### (.*)$/gm)].map(([, name]) => name!);
    const order = ["Added", "Changed", "Fixed", "Security"];
    expect(sections).toEqual(order.filter((name) => sections.includes(name)));
  }
});

test("every end of a session is explained, and no other", () => {
  const rows = [...textOf("docs/end-reasons.md").matchAll(/^\| (`.*`) \| (`.*`) \|.*\|.*\|$/gm)];
  const words = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
  const told = rows.flatMap(([, codes, reasons]) =>
    words(codes!).flatMap((code) => words(reasons!).map((reason) => `${code} ${reason}`)),
  );
  const ends = ENDS.map(endReason).map(({ code, reason }) => `${code} ${reason}`);
  expect(told.filter((end) => /^\S\S \w/.test(end)).sort()).toEqual(ends.sort());
});

test("the limits that it tells are those that there are", () => {
  const page = textOf("docs/limits.md");
  expect(page).toContain(`| the config file | ${MAX_FILE_BYTES / 1024 ** 2} MiB |`);
  expect(page).toContain(`| backends, over all pools | ${MAX_BACKENDS} |`);
  expect(page).toContain(`| ports of a listener | ${MAX_PORTS} |`);
  expect(page).toContain(`| the path of a unix socket | ${MAX_SOCKET_PATH} bytes |`);
  expect(page).toContain(`| a timeout | ${MAX_DURATION_MS / 3_600_000}h |`);
});
