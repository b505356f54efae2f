// /etc/hosts and the search list, from files of the test's own.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressesInHosts, searchList } from "../../../src/control/discovery/local-names.ts";
import { temporaryHome } from "../../support/bal.ts";

test.each([
  ["127.0.0.1 localhost", "localhost", ["127.0.0.1"]],
  ["::1\tip6-localhost   localhost\n127.0.0.1 localhost", "localhost", ["::1", "127.0.0.1"]],
  ["10.0.0.1 DB.internal db # db2", "db.internal", ["10.0.0.1"]],
  ["10.0.0.1 db # db2", "db2", []],
  ["#10.0.0.1 db", "db", []],
  ["not-an-address db\nfe80::1%eth0 db", "db", []],
  ["10.0.0.1 db", "10.0.0.1", []],
  ["", "db", []],
])("of %j, %s is %j", async (text, name, addresses) => {
  using home = temporaryHome();
  const file = join(home.path, "hosts");
  writeFileSync(file, text);
  expect(await addressesInHosts(name, file)).toEqual(addresses);
});

test.each([
  ["", "web", ["web."]],
  ["nameserver 10.0.0.1", "web.test", ["web.test."]],
  ["search a.test b.test.", "web", ["web.a.test.", "web.b.test.", "web."]],
  ["search a.test", "web.x", ["web.x.", "web.x.a.test."]],
  ["search a.test\noptions timeout:1 ndots:5", "web.x", ["web.x.a.test.", "web.x."]],
  ["options ndots:2\nsearch a.test", "a.b.c", ["a.b.c.", "a.b.c.a.test."]],
  ["domain one.test\nsearch two.test ; three.test", "web", ["web.two.test.", "web."]],
  ["search a.test", "web.", ["web."]],
])("with %j, %s may be %j", async (text, name, names) => {
  using home = temporaryHome();
  const file = join(home.path, "resolv.conf");
  writeFileSync(file, text);
  expect(await searchList(name, file)).toEqual(names);
});

test("files that are not there say nothing", async () => {
  using home = temporaryHome();
  expect(await addressesInHosts("a", join(home.path, "none"))).toEqual([]);
  expect(await searchList("a", join(home.path, "none"))).toEqual(["a."]);
});
