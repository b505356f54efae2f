// A client that speaks as much of MySQL's protocol as it takes to write and to ask, without a password.
import { Connection } from "./wire.ts";

/** The values of all rows, in their order; or the number of an error. */
export type Answer =
  | { readonly kind: "rows"; readonly values: readonly string[] }
  | { readonly kind: "error"; readonly code: number };

export type MysqlClient = {
  readonly isOpen: boolean;
  /** Null: no answer came. */
  query(sql: string): Promise<Answer | null>;
  close(): void;
};

// PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH.
const CAPABILITIES = 0x200 | 0x8000 | 0x80000;
const COM_QUERY = 3;

export async function mysqlClient(port: number, host?: string): Promise<MysqlClient> {
  const connection = await Connection.open(port, host);
  const greeting = await connection.ask("", (bytes) => packetsOf(bytes)[0] ?? null);
  const answer = greeting === null ? null : await connection.ask(login(), answerIn);
  if (answer === null || answer.kind === "error") connection.close();
  return {
    get isOpen() {
      return connection.isOpen;
    },
    query: (sql) =>
      connection.ask(packet(0, Buffer.concat([Buffer.of(COM_QUERY), Buffer.from(sql)])), answerIn),
    close: () => connection.close(),
  };
}

function login(): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(CAPABILITIES, 0);
  head.writeUInt32LE(1 << 24, 4);
  // latin1
  head.writeUInt8(8, 8);
  return packet(1, Buffer.concat([head, Buffer.from("root\0\0mysql_native_password\0")]));
}

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(sequence, 3);
  return Buffer.concat([head, payload]);
}

function packetsOf(bytes: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUIntLE(at, 3);
    if (end > bytes.length) break;
    found.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return found;
}

/** OK, an error, or columns and rows with a mark at the end of each. Null: more has to come. */
function answerIn(bytes: Buffer): Answer | null {
  const packets = packetsOf(bytes);
  const [first] = packets;
  if (first === undefined) return null;
  if (first[0] === 0) return { kind: "rows", values: [] };
  if (first[0] === 0xff) return { kind: "error", code: first.readUInt16LE(1) };
  const marks = packets.flatMap((one, nth) => (one[0] === 0xfe && one.length < 9 ? [nth] : []));
  const [columns, end] = marks;
  if (columns === undefined || end === undefined) return null;
  return { kind: "rows", values: packets.slice(columns + 1, end).flatMap(valuesOf) };
}

/** Short texts: each with one byte of length in front. */
function valuesOf(row: Buffer): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < row.length; ) {
    const end = at + 1 + (row[at] ?? 0);
    found.push(row.toString("utf8", at + 1, end));
    at = end;
  }
  return found;
}
