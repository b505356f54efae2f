// Completions for fish: one `complete` for each word, with its description.
import type { CommandWords, Offer, Option, Place } from "../command-words.ts";

export function fish(commands: readonly CommandWords[]): string {
  return `# Completions of bal for fish. To have them in every shell:
#   bal completions fish > ~/.config/fish/completions/bal.fish

# Whether it is this command's Nth word that is being typed.
function __bal_place
    set -l words (string match -v -- '-*' (commandline -opc))
    test (count $words) -eq (math $argv[2] + 1); and test "$words[2]" = $argv[1]
end

complete -c bal -f
${commands.flatMap(commandLines).join("\n")}
complete -c bal -n __fish_use_subcommand -l help -d 'list the commands'
complete -c bal -n __fish_use_subcommand -l version -d 'tell the version'
`;
}

function commandLines({ name, description, options, places }: CommandWords): readonly string[] {
  const of = `complete -c bal -n '__fish_seen_subcommand_from ${name}'`;
  return [
    `complete -c bal -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...options.map((option) => `${of} ${optionWords(option)}`),
    ...places.flatMap((place, index) => placeLines(name, place, index)),
  ];
}

function optionWords({ name, short, value, offer, description }: Option): string {
  const letter = short === null ? "" : `-s ${short} `;
  const takes = value === null ? "" : ` ${argument(offer)}`;
  return `${letter}-l ${name}${takes} -d ${quoted(description)}`;
}

function argument(offer: Offer): string {
  if (offer.kind === "files") return "-r -F";
  return offer.kind === "nothing" ? "-x" : `-x -a ${offered(offer)}`;
}

function placeLines(command: string, { offer }: Place, index: number): readonly string[] {
  if (offer.kind === "nothing") return [];
  const of = `complete -c bal -n '__bal_place ${command} ${index + 1}'`;
  return [offer.kind === "files" ? `${of} -F` : `${of} -a ${offered(offer)}`];
}

function offered(offer: Offer): string {
  if (offer.kind === "words") return quoted(offer.words.join(" "));
  return quoted("(bal completions backends 2>/dev/null)");
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
