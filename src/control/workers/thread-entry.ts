// Where the code of a thread stands: an entry point of the build.

const ENTRIES = { worker: "data/worker.ts", splicer: "data/splice/splicer.ts" } as const;

export type Entry = keyof typeof ENTRIES;

export function entryUrl(entry: Entry): string {
  // In the compiled binary every chunk of modules stands where main.ts did.
  const isCompiled = import.meta.url.includes("/$bunfs/");
  return new URL(`${isCompiled ? "./" : "../../"}${ENTRIES[entry]}`, import.meta.url).href;
}
