// Where the code of a thread stands: an entry point of the build.

export type Entry = "worker" | "splicer";

export function entryUrl(entry: Entry): string {
  // In the compiled binary all modules are one, which stands where main.ts did.
  const isCompiled = import.meta.url.includes("/$bunfs/");
  return new URL(`${isCompiled ? "./data" : "../data"}/${entry}.ts`, import.meta.url).href;
}
