// The admin API over TCP, as clients of every kind meet it.
import { expect, test } from "bun:test";
import { TcpEndpoint } from "../../../src/control/admin/tcp-endpoint.ts";
import { freePort } from "../../support/ports.ts";
import { connect } from "../../support/wire.ts";

/** An endpoint whose answers wait until they are let go, one after the other. */
function served({ isHeld = false, headers = {} as Record<string, string> } = {}) {
  const port = freePort();
  const asked: string[] = [];
  const held: (() => void)[] = [];
  const listen = { family: 4, ip: "127.0.0.1", port } as const;
  const endpoint = new TcpEndpoint(listen, null, {
    fetch: async (request) => {
      asked.push(new URL(request.url).pathname);
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
      return new Response(`answer ${asked.length};`, { headers });
    },
    limit: 8,
    onFull: () => {},
  });
  return { port, asked, held, [Symbol.dispose]: () => endpoint.end() };
}

const request = (path: string, more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

test("requests that a client sends ahead are answered one after the other, in order", async () => {
  using bal = served();
  using client = await connect(bal.port);
  await client.send(`${request("/a")}${request("/b")}${request("/c", "Connection: close\r\n")}`);
  const { text, ending } = await client.readToEnd();
  expect(text.match(/answer \d;/g)).toEqual(["answer 1;", "answer 2;", "answer 3;"]);
  expect(ending).toBe("eof");
  expect(bal.asked).toEqual(["/a", "/b", "/c"]);
});

test("a client that sends too many ahead is reset, and the others are not begun", async () => {
  using bal = served({ isHeld: true });
  using client = await connect(bal.port);
  await client.send(request("/x").repeat(100));
  expect(await client.ended).toBe("reset");
  expect(bal.asked.length).toBeLessThanOrEqual(1);
});

test("what comes after an answer that is the last one is not looked at", async () => {
  using bal = served({ headers: { Connection: "close" } });
  using client = await connect(bal.port);
  await client.send(request("/livez").repeat(5));
  const { text } = await client.readToEnd();
  expect(text.match(/answer \d;/g)).toEqual(["answer 1;"]);
  expect(bal.asked).toEqual(["/livez"]);
});

test.each([
  ["CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "405"],
  [request("/", "Expect: the-unexpected\r\nConnection: close\r\n"), "417"],
  ["no request\r\n\r\n", "400"],
])("%j is answered, with the usual headers", async (text, status) => {
  using bal = served();
  using client = await connect(bal.port);
  await client.send(text);
  const answer = await client.readToEnd();
  expect(answer.text).toStartWith(`HTTP/1.1 ${status}`);
  expect(answer.text.toLowerCase()).toContain("x-content-type-options: nosniff");
  expect(bal.asked).toEqual([]);
});

test("an address that is taken says who has it, like a listener's", () => {
  using bal = served();
  const listen = { family: 4, ip: "127.0.0.1", port: bal.port } as const;
  const again = () =>
    new TcpEndpoint(listen, null, { fetch: async () => new Response(), onFull: () => {} });
  expect(again).toThrow(`the admin API cannot listen: 127.0.0.1:${bal.port} is already in use`);
});
