// A name server of a test's own, for what a real one does not do: it says nothing, or half of an answer.
// UDP only, no compression but of the question's name.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { parseIp } from "../../src/base/address.ts";

type RecordType = "A" | "AAAA" | "CNAME" | "SRV" | "other";

/** Records; or `silent`, or the code of an error. Each record is of the type that was asked for, an alias
 *  apart. */
export type StubAnswer =
  | readonly (string | { readonly cname: string })[]
  | "silent"
  | "nx"
  | "fail"
  | "refused"
  | "not-implemented"
  | "malformed";

const TYPES: Readonly<Record<number, RecordType>> = { 1: "A", 5: "CNAME", 28: "AAAA", 33: "SRV" };
const CODES = { malformed: 1, fail: 2, nx: 3, "not-implemented": 4, refused: 5 } as const;
const NUMBERS = { A: 1, CNAME: 5, AAAA: 28 } as const;
const TTL_S = 1;

export class NameStub implements Disposable {
  /** `name type`, in order. */
  readonly asked: string[] = [];
  readonly address: { readonly ip: string; readonly port: number };
  private readonly socket: ReturnType<typeof createSocket>;

  private constructor(
    socket: NameStub["socket"],
    answer: (name: string, type: RecordType) => StubAnswer,
  ) {
    this.socket = socket;
    this.address = { ip: "127.0.0.1", port: socket.address().port };
    socket.on("message", (query, { port, address }) => {
      const { name, type, end } = questionOf(query);
      this.asked.push(`${name} ${type}`);
      const said = answer(name, type);
      if (said !== "silent") socket.send(reply(query.subarray(0, end), said), port, address);
    });
  }

  static async start(answer: (name: string, type: RecordType) => StubAnswer): Promise<NameStub> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new NameStub(socket, answer);
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

function questionOf(query: Buffer) {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES[query.readUInt16BE(at + 1)] ?? "other";
  return { name: labels.join(".").toLowerCase(), type, end: at + 5 };
}

function reply(question: Buffer, said: Exclude<StubAnswer, "silent">): Buffer {
  const records = typeof said === "string" ? [] : said.map(recordOf);
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(0x8580 | (typeof said === "string" ? CODES[said] : 0), 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, question.subarray(12), ...records]);
}

function recordOf(record: string | { readonly cname: string }): Buffer {
  const type = typeof record !== "string" ? "CNAME" : record.includes(":") ? "AAAA" : "A";
  const data = typeof record === "string" ? bytesOf(record) : encoded(record.cname);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(NUMBERS[type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL_S, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encoded(name: string): Buffer {
  const labels = name
    .split(".")
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}

// `::1` and whole addresses are enough.
function bytesOf(ip: string): Buffer {
  if (parseIp(ip)?.family === 4) return Buffer.from(ip.split(".").map(Number));
  const [left = "", right = ""] = ip.split("::");
  const groups = (text: string) => text.split(":").flatMap((group) => (group === "" ? [] : group));
  const [head, tail] = [groups(left), groups(right)];
  const zeros = Array(8 - head.length - tail.length).fill("0");
  return Buffer.from(
    [...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join(""),
    "hex",
  );
}
