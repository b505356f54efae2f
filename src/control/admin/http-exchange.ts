// A request of node's HTTP server → the handler that speaks Request and Response → its answer. node's
// server is used where each connection has to be known, which Bun.serve does not tell.
import type { IncomingMessage, ServerResponse } from "node:http";

type NodeStream = import("node:stream/web").ReadableStream;

type Fetch = (request: Request) => Promise<Response>;

/** Answers it. Rejects where the client has gone; `fetch` never rejects.
 *  @param maxBodyBytes of which one more is read, so that the handler sees that it is too long
 *  @returns whether another request may come on the connection */
export async function exchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { fetch, maxBodyBytes }: { readonly fetch: Fetch; readonly maxBodyBytes: number },
): Promise<boolean> {
  const body = await readBody(incoming, maxBodyBytes);
  const response = await fetch(requestOf(incoming, body));
  // The rest of a request that is too long is not waited for.
  if (body.length > maxBodyBytes) response.headers.set("Connection", "close");
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const stays = [response.headers.get("connection"), incoming.headers.connection].every(
    (value) => value?.toLowerCase() !== "close",
  );
  if (response.body === null) {
    outgoing.end();
    return stays;
  }
  const { Readable, promises } = process.getBuiltinModule("node:stream");
  await promises.pipeline(Readable.fromWeb(response.body as NodeStream), outgoing);
  return stays;
}

function requestOf({ method = "GET", url = "/", headers }: IncomingMessage, body: Buffer): Request {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const takesBody = method !== "GET" && method !== "HEAD";
  return new Request(new URL(url, "http://bal").href, {
    method,
    headers: entries,
    ...(takesBody && body.length > 0 && { body }),
  });
}

async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (bytes <= maxBytes) chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes + 1);
}
