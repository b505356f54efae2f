// A client that speaks as much of AMQP 0-9-1 as it takes to publish with confirms, and to read a queue.
import { Connection } from "./wire.ts";

/** Class and method, as the specification numbers them. */
const METHODS = {
  ...{ start: [10, 10], startOk: [10, 11], tune: [10, 30], tuneOk: [10, 31] },
  ...{ open: [10, 40], openOk: [10, 41], channelOpen: [20, 10], channelOpened: [20, 11] },
  ...{ declare: [50, 10], declared: [50, 11], consume: [60, 20], publish: [60, 40], ack: [60, 80] },
  ...{ nack: [60, 120], confirm: [85, 10], confirming: [85, 11] },
  ...{ connectionClose: [10, 50], channelClose: [20, 40] },
} as const satisfies Record<string, readonly [number, number]>;

type Method = keyof typeof METHODS;
type Frame = { readonly type: number; readonly payload: Buffer };

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const FRAME_END = 0xce;

export type AmqpClient = {
  readonly isOpen: boolean;
  /** Has the broker confirmed it? Null: no answer came. */
  publish(queue: string, text: string): Promise<boolean | null>;
  /** Declares a quorum queue, and returns how many messages it has. */
  declare(queue: string): Promise<number>;
  /** Takes so many messages. Null: fewer came. */
  take(queue: string, count: number): Promise<readonly string[] | null>;
  close(): void;
};

export async function amqpClient(port: number, host?: string): Promise<AmqpClient> {
  const connection = await Connection.open(port, host);
  /** The arguments of the answer; null: another one came, or none. */
  const call = async (request: Buffer, ...wanted: readonly Method[]) => {
    const answer = await connection.ask(request, methodIn);
    return answer !== null && wanted.includes(answer.name) ? answer : null;
  };
  const steps: readonly [Buffer, Method][] = [
    [Buffer.from("AMQP\0\0\x09\x01", "latin1"), "start"],
    [
      method(0, "startOk", [long(0), short("PLAIN"), text("\0guest\0guest"), short("en_US")]),
      "tune",
    ],
    [
      Buffer.concat([
        method(0, "tuneOk", [Buffer.of(0, 16), long(131_072), Buffer.of(0, 0)]),
        method(0, "open", [short("/"), short(""), Buffer.of(0)]),
      ]),
      "openOk",
    ],
    [method(1, "channelOpen", [short("")]), "channelOpened"],
    [method(1, "confirm", [Buffer.of(0)]), "confirming"],
  ];
  for (const [request, wanted] of steps) {
    if (connection.isOpen && (await call(request, wanted)) === null) connection.close();
  }
  return {
    get isOpen() {
      return connection.isOpen;
    },
    async publish(queue, body) {
      const answer = await call(message(queue, body), "ack", "nack");
      if (answer === null) connection.close();
      return answer === null ? null : answer.name === "ack";
    },
    async declare(queue) {
      const quorum = Buffer.concat([short("x-queue-type"), Buffer.from("S"), text("quorum")]);
      const words = [Buffer.of(0, 0), short(queue), Buffer.of(2), long(quorum.length), quorum];
      const answer = await call(method(1, "declare", words), "declared");
      if (answer === null) throw new Error(`the queue ${queue} could not be declared`);
      return answer.words.readUInt32BE(1 + (answer.words[0] ?? 0));
    },
    take: (queue, count) =>
      connection.ask(
        method(1, "consume", [Buffer.of(0, 0), short(queue), short(""), Buffer.of(2), long(0)]),
        (bytes) => {
          const bodies = framesIn(bytes).filter(({ type }) => type === BODY);
          return bodies.length < count ? null : bodies.map(({ payload }) => payload.toString());
        },
      ),
    close: () => connection.close(),
  };
}

function message(queue: string, body: string): Buffer {
  const header = Buffer.alloc(15);
  header.writeUInt16BE(60, 0);
  header.writeBigUInt64BE(BigInt(body.length), 4);
  // delivery-mode is there, and persistent.
  header.writeUInt16BE(0x1000, 12);
  header.writeUInt8(2, 14);
  return Buffer.concat([
    method(1, "publish", [Buffer.of(0, 0), short(""), short(queue), Buffer.of(0)]),
    frame(HEADER, 1, header),
    frame(BODY, 1, Buffer.from(body)),
  ]);
}

function method(channel: number, name: Method, words: readonly Buffer[]): Buffer {
  const [group, number] = METHODS[name];
  return frame(METHOD, channel, Buffer.concat([Buffer.of(0, group, 0, number), ...words]));
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.of(type, 0, channel);
  return Buffer.concat([head, long(payload.length), payload, Buffer.of(FRAME_END)]);
}

function framesIn(bytes: Buffer): readonly Frame[] {
  const found: Frame[] = [];
  for (let at = 0; at + 7 <= bytes.length; ) {
    const end = at + 7 + bytes.readUInt32BE(at + 3);
    if (end + 1 > bytes.length) break;
    found.push({ type: bytes[at] ?? 0, payload: bytes.subarray(at + 7, end) });
    at = end + 1;
  }
  return found;
}

/** The first method that has come whole, of those that are known here. */
function methodIn(bytes: Buffer): { readonly name: Method; readonly words: Buffer } | null {
  for (const { type, payload } of framesIn(bytes)) {
    if (type !== METHOD) continue;
    for (const name of Object.keys(METHODS) as Method[]) {
      const [group, number] = METHODS[name];
      const isIt = payload.readUInt16BE(0) === group && payload.readUInt16BE(2) === number;
      if (isIt) return { name, words: payload.subarray(4) };
    }
  }
  return null;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function short(value: string): Buffer {
  return Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
}

function text(value: string): Buffer {
  return Buffer.concat([long(value.length), Buffer.from(value)]);
}
