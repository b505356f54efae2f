// Completions for bash, 3.2 (macOS) and later, without the bash-completion package.
import type { CommandWords, Offer, Option } from "../command-words.ts";

export function bash(commands: readonly CommandWords[]): string {
  return `# Completions of bal for bash.
# To load them in every shell: put  eval "$(bal completions bash)"  into ~/.bashrc

# _bal_options COMMAND: its options.
_bal_options() {
  case $1 in
${commands.map(({ name, options }) => `    ${name}) echo "${options.flatMap(spellings).join(" ")}" ;;`).join("\n")}
  esac
}

# _bal_value COMMAND OPTION: what its value may be; fails when it takes none.
_bal_value() {
  case "$1 $2" in
${commands.flatMap(valueCases).join("\n")}
    *) return 1 ;;
  esac
}

# _bal_place COMMAND N: what its Nth word may be.
_bal_place() {
  case "$1 $2" in
${commands.flatMap(placeCases).join("\n")}
  esac
}

# _bal_offer WHAT: the replies among it that begin with $current.
_bal_offer() {
  local word
  case $1 in
    @files)
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
      return ;;
    @backends)
      while IFS= read -r word; do
        case $word in "$current"*) COMPREPLY+=("$word") ;; esac
      done < <("\${words[0]}" completions backends 2>/dev/null) ;;
    *)
      for word in $1; do
        case $word in "$current"*) COMPREPLY+=("$word") ;; esac
      done ;;
  esac
}

_bal() {
  # Split at blanks only: to COMP_WORDS a colon ends a word, and backends have colons in them.
  local words current previous offer line=\${COMP_LINE:0:COMP_POINT} place=1 i colon
  COMPREPLY=()
  read -ra words <<<"$line"
  case $line in *[[:blank:]]) words+=("") ;; esac
  local last=$((\${#words[@]} - 1))
  current=\${words[last]}
  if [ "$last" -eq 1 ]; then
    _bal_offer "${commands.map(({ name }) => name).join(" ")} help --help --version"
    return
  fi
  local command=\${words[1]}
  previous=\${words[last - 1]}
  case $current in
    --*=*)
      previous=\${current%%=*}
      current=\${current#*=} ;;
  esac
  if offer=$(_bal_value "$command" "$previous"); then
    _bal_offer "$offer"
    return
  fi
  case $current in
    -*)
      _bal_offer "$(_bal_options "$command")"
      return ;;
  esac
  for ((i = 2; i < last; i++)); do
    case \${words[i]} in
      -*) _bal_value "$command" "\${words[i]}" >/dev/null && i=$((i + 1)) ;;
      *) place=$((place + 1)) ;;
    esac
  done
  _bal_offer "$(_bal_place "$command" "$place")"
  # What stands before the last colon is a word of its own to readline, and stays.
  case $COMP_WORDBREAKS:$current in
    *:*:*)
      colon=\${current%"\${current##*:}"}
      for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=\${COMPREPLY[i]#"$colon"}; done ;;
  esac
}

complete -F _bal bal
`;
}

function spellings({ name, short }: Option): readonly string[] {
  return short === null ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function valueCases({ name, options }: CommandWords): readonly string[] {
  return options
    .filter(({ value }) => value !== null)
    .map((option) => {
      const pattern = spellings(option).map((spelling) => `"${name} ${spelling}"`);
      return `    ${pattern.join(" | ")}) echo "${offered(option.offer)}" ;;`;
    });
}

function placeCases({ name, places }: CommandWords): readonly string[] {
  return places.map(
    ({ offer }, index) => `    "${name} ${index + 1}") echo "${offered(offer)}" ;;`,
  );
}

function offered(offer: Offer): string {
  if (offer.kind === "words") return offer.words.join(" ");
  return offer.kind === "nothing" ? "" : `@${offer.kind}`;
}
