// `allow` and `deny`, `limit_conn`, and whose PROXY header is believed.
import { parseCidr } from "../../../base/address.ts";
import type { Notebook } from "../draft/note.ts";
import { type Traced, traced, type Value } from "../draft/traced.ts";
import type { Directive } from "./lexer.ts";
import type { Scope } from "./scope.ts";

type Keys = Record<string, Value>;

/** nginx takes the first line that fits; bal's `deny` wins over `allow`, and without `allow` all come in. */
export function listKeys(scope: Scope, notes: Notebook): Keys {
  const allow: Traced[] = [];
  const deny: Traced[] = [];
  let isClosed = false;
  for (const directive of scope.take("allow", "deny")) {
    const { name, args } = directive;
    const [text = ""] = args;
    if (text === "all") {
      isClosed = name === "deny";
      break;
    }
    if (text === "unix:") {
      notes.needless(directive, "a socket's clients have no address; `mode` says who may connect");
      continue;
    }
    const network = parseCidr(text);
    if (network === null) notes.lost(directive, `\`${text}\` is no network`);
    else if (name === "allow") allow.push(traced(network, directive));
    else {
      if (allow.length > 0 && !isClosed) {
        notes.differs(
          directive,
          "nginx applies the first line that matches; in bal `deny` wins, even over an `allow` above it",
        );
      }
      deny.push(traced(network, directive));
    }
  }
  if (isClosed && allow.length === 0) {
    const [last] = scope.take("deny").slice(-1);
    if (last !== undefined) notes.lost(last, "nobody may connect: leave the listener out");
  }
  return { ...(isClosed && allow.length > 0 && { allow }), ...(deny.length > 0 && { deny }) };
}

export function limitKeys(scope: Scope, zones: readonly Directive[], notes: Notebook): Keys {
  const limits: Keys = {};
  for (const directive of scope.take("limit_conn")) {
    const [name = "", number] = directive.args;
    const zone = zones.find(({ args }) => args.some((arg) => arg.startsWith(`zone=${name}:`)));
    const [key = ""] = zone?.args ?? [];
    const most = Number(number);
    if (!(most >= 1)) continue;
    if (/^\$(?:binary_)?remote_addr$/.test(key)) limits.per_client = traced(most, directive);
    else if (/^\$server_(?:addr|port|name)$/.test(key))
      limits.max_connections = traced(most, directive);
    else
      notes.lost(
        directive,
        "bal limits connections of one address (per_client) and of a listener (max_connections)",
      );
  }
  return Object.keys(limits).length === 0 ? {} : { limits };
}

export function trustKeys(listen: Directive, scope: Scope, notes: Notebook): Keys {
  if (!listen.args.includes("proxy_protocol")) return {};
  if (listen.args[0]?.startsWith("unix:")) return { proxy_protocol: { accept: true } };
  const trusted = scope.take("set_real_ip_from").flatMap((directive) => {
    const network = parseCidr(directive.args[0] ?? "");
    return network === null ? [] : [traced(network, directive)];
  });
  const quote = { ...listen, text: "proxy_protocol" };
  if (trusted.length > 0) {
    notes.differs(
      quote,
      "peers outside `trusted` are refused; nginx reads their header, and takes no address from it",
    );
    return { proxy_protocol: { trusted } };
  }
  notes.differs(
    quote,
    "nginx reads PROXY headers from everybody, and so does this list: write the addresses of your own balancers into `trusted`",
  );
  return { proxy_protocol: traced({ trusted: ["0.0.0.0/0", "::/0"] }, quote) };
}
