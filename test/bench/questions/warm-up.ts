// What the first connections after a start cost, beside those that follow: code that is compiled or
// paged in as it is first used, pools and tables that grow.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientHello } from "../load/client-hello.ts";
import { EchoBackend, echoOf } from "../load/echo-backend.ts";
import { runToEnd } from "../process/child.ts";
import type { Run } from "../run.ts";
import type { Question } from "./question.ts";

const COUNT = 5000;
const AT_ONCE = 32;
const SERVER_NAME = "localhost";
const SCRIPT = join(import.meta.dir, "../load/first-connections.ts");
const THOUSANDS = COUNT.toLocaleString("en-US");

const figures = [
  {
    name: "first",
    title: `the first ${THOUSANDS}`,
    unit: "CPU µs/connection",
    lowerIsBetter: true,
  },
  { name: "next", title: `the next ${THOUSANDS}`, unit: "CPU µs/connection", lowerIsBetter: true },
  { name: "first-to-next", title: "first to next", unit: "ratio", lowerIsBetter: true },
];
const load = `${AT_ONCE} at once, one echo each from a backend that costs little; CPU of the balancer.`;

export const warmUp: Question = {
  name: "warm-up",
  title: `the first ${THOUSANDS} connections after a start, and the next`,
  notes: [load],
  programs: [],
  isForDirect: false,
  figures,
  ask: (run) => firstAndNext(run, { message: new Uint8Array(64).fill(46), serverName: null }),
};

export const routedWarmUp: Question = {
  name: "routed-warm-up",
  title: `the first ${THOUSANDS} connections routed by server name (SNI), and the next`,
  notes: [load, "Each sends a TLS ClientHello, which the backend echoes: there is no handshake."],
  programs: [],
  isForDirect: false,
  figures,
  ask: async (run) =>
    firstAndNext(run, { message: await clientHello(SERVER_NAME), serverName: SERVER_NAME }),
};

type Options = { readonly message: Uint8Array; readonly serverName: string | null };

async function firstAndNext(run: Run, { message, serverName }: Options) {
  await using backend = await EchoBackend.start(run.folder);
  const options = { backendPorts: [backend.port], probe: echoOf(message) };
  await using balanced = await run.balance(
    serverName === null ? options : { ...options, serverName },
  );
  const file = join(run.folder, "message");
  writeFileSync(file, message);
  const command = [process.execPath, SCRIPT, `${balanced.port}`, `${COUNT}`, `${AT_ONCE}`, file];
  const costUs = async () => {
    const { cpuMs } = await balanced.measure(() => runToEnd(command));
    return (cpuMs * 1000) / COUNT;
  };
  const first = await costUs();
  const next = await costUs();
  return { first, next, "first-to-next": first / next };
}
