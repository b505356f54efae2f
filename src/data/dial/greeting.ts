// The PROXY header that a backend gets before the client's bytes.
import type { ProxyProtocol } from "../../config/config.ts";
import { formatHeader, type Route } from "../../policy/proxy-protocol/format.ts";
import { sessionRoute } from "../relay/client-address.ts";
import type { Session } from "../relay/session.ts";

/** Made when the backend is picked: a reload may remove it, and the client may be gone, before the connect
 *  completes. */
export class Greeting {
  private readonly session: Session;
  private readonly proxy: ProxyProtocol;
  private readonly route: Route;

  constructor(session: Session, proxy: ProxyProtocol) {
    this.session = session;
    this.proxy = proxy;
    this.route = sessionRoute(session);
  }

  bytes(): Uint8Array | null {
    const { session, route } = this;
    const { version, tlvs } = this.proxy;
    if (version === "off") return null;
    if (tlvs.length === 0) return formatHeader(version, route);
    const authority = session.hello?.sni ?? null;
    const alpn = session.hello?.alpn[0] ?? null;
    const values = { authority, alpn, unique_id: session.id };
    return formatHeader(version, route, { tlvs, values });
  }
}
