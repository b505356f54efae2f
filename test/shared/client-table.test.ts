// Limits per client address over all threads.
import { expect, test } from "bun:test";
import { clientNetwork } from "../../src/data/relay/client-address.ts";
import { Board } from "../../src/shared/board.ts";
import { CLIENT_CELLS } from "../../src/shared/board-layout.ts";

test("places of a cell are counted over all threads, also when a session changes threads", () => {
  const { clients } = new Board();
  expect([clients.enter(0, 7, 2), clients.enter(1, 7, 2), clients.enter(2, 7, 2)]).toEqual([
    true,
    true,
    false,
  ]);
  clients.handOver(1, 9, 7);
  expect(clients.enter(0, 7, 2)).toBe(false);
  clients.leave(9, 7);
  expect(clients.enter(0, 7, 2)).toBe(true);
  clients.forgetThread(0);
  expect([clients.enter(3, 7, 2), clients.enter(3, 7, 2), clients.enter(3, 7, 2)]).toEqual([
    true,
    true,
    false,
  ]);
});

test("a bucket starts full, holds what its time lets in, and is one for all threads", () => {
  const memory = new Board().memory;
  const [a, b] = [new Board(memory).clients, new Board(memory).clients];
  const passed = Array.from({ length: 30 }, (_, i) =>
    (i % 2 ? a : b).passClient(5, { count: 10, windowMs: 1000 }),
  );
  // It fills at ten a second: a slow machine may let one more through.
  const count = passed.filter(Boolean).length;
  expect(count).toBeGreaterThanOrEqual(10);
  expect(count).toBeLessThanOrEqual(11);
  expect(passed.slice(0, 10)).toEqual(Array(10).fill(true));
  expect(a.passClient(6, { count: 1, windowMs: 1000 })).toBe(true);
  // It fills at three a second.
  const rate = { count: 30, windowMs: 10_000 };
  const burst = Array.from({ length: 40 }, () => b.passClient(7, rate)).filter(Boolean).length;
  expect(burst).toBeGreaterThanOrEqual(30);
  expect(burst).toBeLessThanOrEqual(32);
});

test("an address has the same cell in every thread, and many addresses have many", () => {
  const memory = new Board().memory;
  const [a, b] = [new Board(memory).clients, new Board(memory).clients];
  const addresses = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  const cells = addresses.map((address) => a.cellOf(0, address));
  expect(cells).toEqual(addresses.map((address) => b.cellOf(0, address)));
  expect(new Set(cells).size).toBeGreaterThan(950);
  expect(Math.max(...cells)).toBeLessThan(CLIENT_CELLS);
});

test.each([
  ["10.1.2.3", "10.1.2.3"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::7", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["fe80::1:2:3:4", "fe80:0:0:0::/64"],
])("%s counts as %s", (address, network) => {
  expect(clientNetwork(address)).toBe(network);
});
