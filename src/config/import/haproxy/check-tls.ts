// The names, authorities and certificates of a check over TLS.
import { isHostname } from "../../../base/address.ts";
import type { Notebook } from "../draft/note.ts";
import { traced, type Value } from "../draft/traced.ts";
import type { Server } from "./server.ts";
import type { Options } from "./server-options.ts";

type Keys = Record<string, Value>;

/** `serverName`: what `http-check connect` asks for. */
export function tlsKeys(serverName: string | null, { options }: Server, notes: Notebook): Keys {
  const verify = options.get("verify");
  const isVerified = verify?.words[1] === "required";
  const name = nameOf(options, serverName, isVerified);
  if (isVerified && name === null && verify !== undefined) {
    notes.differs(
      verify.quote,
      "HAProxy checks who signed the certificate, bal also its name: write `server_name` where the backend's host is not in it",
    );
  }
  const protocols = options.get("check-alpn")?.words[1]?.split(",") ?? [];
  return {
    ...(name !== null && { server_name: name }),
    ...(isVerified && { verify: true }),
    ...(protocols.length > 0 && { alpn: protocols }),
    ...(isVerified && authorityKeys(options)),
    ...certificateKeys(options),
  };
}

function nameOf(options: Options, serverName: string | null, isVerified: boolean): string | null {
  const [, constant] = /^str\((.+)\)$/.exec(options.get("sni")?.words[1] ?? "") ?? [];
  const verified = isVerified ? options.get("verifyhost")?.words[1] : undefined;
  const names = [options.get("check-sni")?.words[1], serverName, verified, constant];
  return names.find((name) => name !== undefined && name !== null && isHostname(name)) ?? null;
}

function authorityKeys(options: Options): Keys {
  const option = options.get("ca-file");
  const [, path = ""] = option?.words ?? [];
  if (option === undefined || path === "" || path.startsWith("@")) return {};
  return { ca: traced(path, option.quote) };
}

// HAProxy has certificate and key in one file.
function certificateKeys(options: Options): Keys {
  const option = options.get("crt");
  const [, path = ""] = option?.words ?? [];
  if (option === undefined || path === "") return {};
  return { cert: traced(path, option.quote), key: traced(path, option.quote) };
}
