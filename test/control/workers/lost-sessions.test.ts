import { expect, test } from "bun:test";
import { lostSessionLog } from "../../../src/control/workers/lost-sessions.ts";
import { isLinux } from "../../../src/os/libc.ts";
import { Board } from "../../../src/shared/board.ts";

test.skipIf(!isLinux)(
  "a client of IPv4 is named as such on a listener of both families",
  async () => {
    const accepted = Promise.withResolvers<Bun.Socket<null>>();
    const nothing = () => {};
    using server = Bun.listen<null>({
      hostname: "::",
      port: 0,
      socket: { open: accepted.resolve, data: nothing },
    });
    const { port } = server;
    const client = await Bun.connect<null>({
      hostname: "127.0.0.1",
      port,
      socket: { data: nothing },
    });
    const { fd } = (await accepted.promise) as Bun.Socket<null> & { readonly fd: number };
    const board = new Board();
    board.descriptors.take(0, fd, 0);
    const texts: string[] = [];
    lostSessionLog({
      board,
      config: () => ({ mode: "all", file: null, format: "text", fields: ["listener", "client"] }),
      nameOf: () => "edge",
      post: ({ text }) => texts.push(text),
    })(0);
    expect(texts).toEqual([`edge 127.0.0.1:${client.localPort}`]);
    client.end();
  },
);
