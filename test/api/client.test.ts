// The client of the admin API before something that is no bal.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { AdminClient } from "../../src/api/client.ts";
import { temporaryHome } from "../support/bal.ts";

test.each([
  ["no JSON", () => new Response("\u001b[31mhello")],
  ["a list", () => Response.json([])],
  ["nothing", () => new Response(null)],
  ["a status without its lists", () => Response.json({ pid: 1, pools: {}, listeners: [] })],
  [
    "errors that are no list",
    () => Response.json({ error: { message: "" }, errors: 7 }, { status: 422 }),
  ],
  ["an error that is none", () => Response.json({ error: 7 }, { status: 500 })],
  [
    "an answer without an end",
    () => {
      const chunk = new Uint8Array(1024 * 1024);
      return new Response(new ReadableStream({ pull: (stream) => stream.enqueue(chunk) }));
    },
  ],
])("%s is no answer of bal's", async (_, answer) => {
  using home = temporaryHome();
  const path = join(home.path, "bal.sock");
  const server = Bun.serve({ unix: path, fetch: answer });
  try {
    await expect(new AdminClient(path).status()).rejects.toMatchObject({ code: "not-bal" });
  } finally {
    await server.stop(true);
  }
});

test("a stream of what is no event is read without an error", async () => {
  using home = temporaryHome();
  const path = join(home.path, "bal.sock");
  const stream = 'data: {"kind":"state"}\n\ndata: {\n\n: x\n\ndata: 7\n\ndata: null\n\n';
  const server = Bun.serve({
    unix: path,
    routes: {
      "/v1/status": Response.json({ listeners: [], pools: [], problems: [] }),
      "/v1/events": new Response(stream),
    },
  });
  try {
    const answer = await new AdminClient(path).events(1);
    if (answer.kind !== "ok") throw new Error("nobody answers");
    expect(await Array.fromAsync(answer.read(null))).toEqual([{ kind: "state" } as never]);
  } finally {
    await server.stop(true);
  }
});
