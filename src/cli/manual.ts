// The manual page bal(1), in mdoc(7): commands and options from their own definitions, and a few words
// that are nowhere else. build.ts writes it beside the binary.
import type { CommandWords, Option, Place } from "./command-words.ts";

type Edition = {
  readonly version: string;
  /** When that version was made. */
  readonly date: Date;
};

/** The longest line that mandoc's lint allows, less the escape of a first character. */
const MAX_COLUMNS = 76;

export function manual(commands: readonly CommandWords[], { version, date }: Edition): string {
  return `.Dd ${dateOf(date)}
.Dt BAL 1
.Os
.Sh NAME
.Nm bal
.Nd TCP load balancer
.Sh SYNOPSIS
${commands.map(synopsisOf).join("\n")}
.Sh DESCRIPTION
.Nm
passes TCP connections on to one of several backends, untouched, and is
reloaded without hurting any.
A backend that does not answer is left out, and a client that was meant for it
goes to another one.
This is the page of version ${version}.
.Pp
The commands are:
.Bl -tag -width Ds
${commands.map(entryOf).join("\n")}
.El
${CLOSING}`;
}

const CLOSING = `.Sh ENVIRONMENT
.Bl -tag -width BAL_HOME
.It Ev BAL_HOME
The folder of the runtime files; default:
.Pa ~/.bal .
One
.Nm
runs in each.
.It Ev NO_COLOR
No colours.
.It Ev BAL_DEBUG
Errors show where in the program they come from.
.El
.Sh FILES
.Bl -tag -width Ds
.It Pa ~/.bal/config.yaml
The config, unless
.Fl c
names one;
.Pa /etc/bal/config.yaml
if that does not exist.
.It Pa ~/.bal/bal.sock
The control socket, which the other commands connect to.
.It Pa ~/.bal/bal.pid
Its process ID.
.It Pa ~/.bal/bal.lock
Locked while it runs; it holds the process ID and the start time.
.It Pa ~/.bal/bal.log
The log of a detached
.Nm .
.It Pa ~/.bal/access.log
The access log, if it is on and has no file of its own.
.It Pa ~/.bal/state.json
Drains and weights set by hand.
.El
.Sh SIGNALS
.Bl -tag -width SIGTERM
.It Dv SIGHUP
Reload the config.
.It Dv SIGTERM , Dv SIGINT
Take no new clients and exit with the last session; a second one resets all sessions.
.It Dv SIGUSR1
Reopen the log files.
.It Dv SIGUSR2
Start the binary again and hand over to it.
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
Done.
.It 1
It failed; for
.Cm check ,
the config is not valid; for
.Cm import ,
a line was lost.
.It 2
The command line is wrong.
.El
.Sh EXAMPLES
Validate a config, and run with it in the background:
.Bd -literal -offset indent
bal check -c config.yaml && bal start -d -c config.yaml
.Ed
.Pp
A config of five lines:
.Bd -literal -offset indent
port: 9295
method: round_robin
backends:
  - {host: 10.0.0.1, port: 443}
  - {host: 10.0.0.2, port: 443}
.Ed
`;

function synopsisOf({ name, options, places }: CommandWords): string {
  const shown = options.filter((option) => option.name !== "help");
  const words = [...shown.map((option) => `.Op ${optionWords(option)}`), ...places.map(placeWords)];
  return [`.Nm Cm ${name}`, ...words].join("\n");
}

function entryOf({ name, description, options, places }: CommandWords): string {
  const words = [...places.map(placeEntry), ...options.map(optionEntry)];
  const list = words.length === 0 ? [] : [".Bl -tag -width Ds", ...words, ".El"];
  return [`.It Cm ${name}`, prose(description), ...list].join("\n");
}

function optionWords({ name, short, value }: Option): string {
  const long = `Fl -${name}`;
  const flag = short === null ? long : `Fl ${short}`;
  return value === null ? flag : `${flag} Ar ${value}`;
}

function optionEntry(option: Option): string {
  const { name, short, value, offer, description } = option;
  const isOfWords =
    offer.kind === "words" && offer.words.some((word) => description.startsWith(word));
  const text = isOfWords ? description : capital(description);
  const argument = value === null ? "" : ` Ar ${value}`;
  const spellings = [...(short === null ? [] : [`Fl ${short}`]), `Fl -${name}`];
  return `.It ${spellings.map((spelling) => spelling + argument).join(" , ")}\n${prose(text)}`;
}

function placeWords({ name, isRequired }: Place): string {
  return isRequired ? `.Ar ${name}` : `.Op Ar ${name}`;
}

function placeEntry({ name, description }: Place): string {
  return `.It Ar ${name}\n${prose(capital(description))}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** With its full stop, each sentence on a line of its own, as mdoc wants it; nothing in it is taken for
 *  a macro. */
function prose(text: string): string {
  const sentences = `${text}${/[.!?]$/.test(text) ? "" : "."}`.split(/(?<=[.!?]) +(?=[A-Z])/);
  return sentences
    .flatMap((sentence) => wrapped(sentence.replaceAll("\\", "\\e")))
    .map((line) => line.replace(/^[.']/, "\\&$&"))
    .join("\n");
}

function wrapped(text: string): readonly string[] {
  return text.match(new RegExp(`\\S.{0,${MAX_COLUMNS}}(?=\\s|$)|\\S+`, "g")) ?? [];
}

function dateOf(date: Date): string {
  return date.toLocaleDateString("en-US", {
    month: "long",
    day: "numeric",
    year: "numeric",
    timeZone: "UTC",
  });
}
