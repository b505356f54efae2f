// Decides from a request's headers alone who may use the admin API.
//
//   bal.sock            its file mode is the check
//   TCP with a token    the token is
//   TCP without one     loopback; but a browser of this host may be led here by a foreign page
import type { ApiError } from "../../api/admin-api.ts";
import { isLoopback, parseIp } from "../../base/address.ts";
import { printable } from "../../base/printable.ts";

/** Where a request came in. */
export type Door =
  | { readonly kind: "socket" }
  | { readonly kind: "tcp"; readonly token: string | null };

export type Denial = { readonly status: 401 | 403; readonly error: ApiError };

/** Null: it may. */
export function denialOf(headers: Headers, door: Door): Denial | null {
  if (door.kind === "socket") return null;
  return door.token === null ? judgeOrigin(headers) : judgeToken(headers, door.token);
}

/** @param authorization the header's value */
export function showsToken(authorization: string | null | undefined, token: string): boolean {
  const [, shown] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  return shown !== undefined && isSame(shown, token);
}

function judgeToken(headers: Headers, token: string): Denial | null {
  const authorization = headers.get("authorization");
  if (showsToken(authorization, token)) return null;
  const message =
    authorization === null ? "this needs the admin token" : "the admin token is wrong";
  const hint = "send it as `Authorization: Bearer TOKEN`";
  return { status: 401, error: { code: "unauthorized", message, hint } };
}

// The digests have one length, whatever was sent: the time gives nothing away.
function isSame(shown: string, token: string): boolean {
  const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return crypto.timingSafeEqual(digest(shown), digest(token));
}

// A page whose name was made to lead to 127.0.0.1 (DNS rebinding) sends its own name as the Host; any
// other page of another site sends its own as the Origin.
function judgeOrigin(headers: Headers): Denial | null {
  const host = headers.get("host") ?? "";
  if (!isOwnName(host)) {
    return foreign(
      `the admin API does not answer to the host "${printable(host, 100)}"; use 127.0.0.1 or localhost`,
    );
  }
  const origin = headers.get("origin");
  if (origin === null || origin.toLowerCase() === `http://${host.toLowerCase()}`) return null;
  return foreign(`pages of ${printable(origin, 100)} may not use the admin API`);
}

function foreign(message: string): Denial {
  const hint = "set `admin.token` to allow other hosts and origins";
  return { status: 403, error: { code: "foreign-origin", message, hint } };
}

/** With any port: it may be reached through a tunnel. */
function isOwnName(host: string): boolean {
  const [, v6, name = ""] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(host) ?? [];
  if (name.toLowerCase() === "localhost") return true;
  const ip = parseIp(v6 ?? name);
  return ip !== null && isLoopback(ip.ip);
}
