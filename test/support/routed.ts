// A listener with routes to peers that tell what they got, and clients that ask for names.
import { alpn, hello, hostName, serverName } from "../policy/tls/hello.ts";
import { at, type ConfigObject } from "./bal.ts";
import { type Peer, peer } from "./peer.ts";
import { freePort } from "./ports.ts";
import { connect, type ReadToEnd } from "./wire.ts";

/** Answers with its name and all that it got, when the client has finished. */
export const receipt = (name: string) =>
  peer(async (wire) => {
    const got: Uint8Array[] = [];
    wire.sink = (chunk) => got.push(chunk);
    await wire.ended;
    await wire.send(`${name} ${Buffer.concat(got).toString("base64")}`);
    wire.finish();
  });

type Peers = Readonly<Record<string, Peer>>;

/** Listener `edge` with these routes, and a pool for each peer. */
export function routed(
  routes: readonly ConfigObject[],
  peers: Peers,
  { port = freePort(), listener = {}, ...extra }: ConfigObject & { readonly port?: number } = {},
) {
  const pools = Object.entries(peers).map(([name, one]) => [
    name,
    { health_check: { type: "off" }, backends: [at(one)] },
  ]);
  const edge = { name: "edge", bind_address: "127.0.0.1", port, routes, ...(listener as object) };
  return { port, config: { ...extra, listeners: [edge], pools: Object.fromEntries(pools) } };
}

const extensionsOf = (name: string | null, protocols: readonly string[]) => [
  ...(name === null ? [] : serverName(hostName(name))),
  ...(protocols.length === 0 ? [] : alpn(...protocols)),
];
export const asking = (name: string | null, ...protocols: string[]) =>
  hello({ extensions: extensionsOf(name, protocols) });

/** Sends these pieces one by one, each as a segment of its own, then FIN. */
export async function ask(port: number, ...pieces: readonly Uint8Array[]): Promise<ReadToEnd> {
  using wire = await connect(port);
  for (const piece of pieces) {
    if (!(await wire.send(piece))) break;
    if (pieces.length > 1) await Bun.sleep(1); // So that the kernel does not join them.
  }
  wire.finish();
  return await wire.readToEnd();
}
