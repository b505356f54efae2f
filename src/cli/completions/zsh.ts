// Completions for zsh, by its own _arguments: with a description of each word.
import type { CommandWords, Offer, Option, Place } from "../command-words.ts";

export function zsh(commands: readonly CommandWords[]): string {
  return `#compdef bal
# Completions of bal for zsh. To load them in every shell, either
#   bal completions zsh > "\${fpath[1]}/_bal"
# or put  source <(bal completions zsh)  into ~/.zshrc, after compinit.

_bal_backends() {
  local -a names
  names=(\${(f)"$(_call_program backends $service completions backends 2>/dev/null)"})
  compadd -a names
}

_bal() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join("\n")}
  )
  _arguments -C '(- *)--help[list the commands]' '(- *)--version[tell the version]' \\
    '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $words[1] in
${commands.map(commandCase).join("\n")}
      esac ;;
  esac
}

if [ "$funcstack[1]" = "_bal" ]; then _bal "$@"; else compdef _bal bal; fi
`;
}

function commandCase({ name, options, places }: CommandWords): string {
  const words = [...options.map(optionSpec), ...places.map(placeSpec)];
  return `        ${name}) _arguments ${words.join(" ")} ;;`;
}

function optionSpec({ name, short, value, offer, description }: Option): string {
  const about = `[${escaped(description)}]${value === null ? "" : `:${value}:${action(offer)}`}`;
  const long = value === null ? `--${name}` : `--${name}=`;
  if (short === null) return quoted(`${long}${about}`);
  // One excludes the other.
  return `${quoted(`(-${short} --${name})`)}{-${short},${long}}${quoted(about)}`;
}

function placeSpec({ name, isRequired, offer }: Place, index: number): string {
  return quoted(`${index + 1}${isRequired ? "" : ":"}:${name}:${action(offer)}`);
}

function action(offer: Offer): string {
  switch (offer.kind) {
    case "words":
      return `(${offer.words.join(" ")})`;
    case "files":
      return "_files";
    case "backends":
      return "_bal_backends";
    case "nothing":
      return " ";
    default:
      return offer satisfies never;
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
