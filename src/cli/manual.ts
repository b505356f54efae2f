// The manual page bal(1), in mdoc(7): commands and options from their own definitions, and the rest
// as text. build.ts writes it beside the binary.
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
.Nm
.Fl -version
.Sh DESCRIPTION
.Nm
relays TCP connections unchanged to one of several backends.
It checks the health of the backends, and dials another one when a dial fails.
A reload of the config, and an upgrade of the binary, lose no connection.
This page is about version ${version}.
.Pp
Every command has
.Fl -help ,
which prints an example as well.
The commands are:
.Bl -tag -width Ds
${commands.map(entryOf).join("\n")}
.El
${CLOSING}`;
}

const CLOSING = `.Sh ENVIRONMENT
.Bl -tag -width BAL_HOME
.It Ev BAL_HOME
The folder of the config and of the runtime files; default:
.Pa ~/.bal .
Each folder has at most one running
.Nm .
.It Ev NO_COLOR
Disables colours.
.It Ev BAL_DEBUG
Errors have a stack trace.
.El
.Sh FILES
The files of
.Pa ~/.bal
are in
.Ev BAL_HOME
if it is set.
.Bl -tag -width Ds
.It Pa ~/.bal/config.yaml
The config, unless
.Fl c
names another one.
.It Pa /etc/bal/config.yaml
The config, if the one above does not exist.
.It Pa ~/.bal/bal.sock
The control socket, to which the commands connect.
.It Pa ~/.bal/bal.pid
The process ID.
.It Pa ~/.bal/bal.lock
Locked while
.Nm
runs; it contains the process ID and the start time.
.It Pa ~/.bal/bal.log
The log of a
.Nm
in the background, unless
.Ic log.file
names another one.
.It Pa ~/.bal/access.log
The access log of a
.Nm
in the background, if it is on and has no file of its own.
.It Pa ~/.bal/state.json
Drains and weights that were set by an operator.
.It Pa ~/.bal/bal.schema.json
The JSON Schema of the config, which
.Cm start
writes beside the first config.
.El
.Sh SIGNALS
.Bl -tag -width SIGTERM
.It Dv SIGHUP
Reloads the config, like
.Cm graceful .
.It Dv SIGTERM , Dv SIGINT
Drains and exits, like
.Cm stop .
A second one resets all remaining connections.
.It Dv SIGUSR1
Reopens the log files.
.It Dv SIGUSR2
Starts the binary again and hands over to it, like
.Cm upgrade .
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
The command succeeded.
.It 1
It failed.
For
.Cm check ,
the config is not valid; for
.Cm status ,
no
.Nm
is running; for
.Cm doctor ,
something is broken; for
.Cm import ,
a line was lost.
.It 2
The command line is wrong.
.El
.Sh EXAMPLES
Validate a config, and run in the background with it:
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
.Pp
Take a backend out for a deployment, and put it back:
.Bd -literal -offset indent
bal drain app1 --wait && ssh app1 deploy && bal undrain app1
.Ed
.Sh SEE ALSO
.Xr journalctl 1 ,
.Xr splice 2 ,
.Xr systemd.service 5 ,
.Xr systemd.socket 5 ,
.Xr tcp 7
`;

function synopsisOf({ name, options, places }: CommandWords): string {
  const shown = options.filter((option) => option.name !== "help");
  const words = [...shown.map((option) => `.Op ${optionWords(option)}`), ...places.map(placeWords)];
  return [".Nm", `.Cm ${name}`, ...words].join("\n");
}

function entryOf({ name, description, options, places }: CommandWords): string {
  const shown = options.filter((option) => option.name !== "help");
  const words = [...places.map(placeEntry), ...shown.map(optionEntry)];
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

function placeWords({ name, isRequired, isRepeated }: Place): string {
  const words = isRepeated ? `Ar ${name} ...` : `Ar ${name}`;
  return isRequired ? `.${words}` : `.Op ${words}`;
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
