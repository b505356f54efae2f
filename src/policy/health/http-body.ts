// Looks for bytes in the body of an answer as it comes, whichever way HTTP/1.1 frames it (RFC 9112,
// section 6.3). Each byte is looked at once, however many pieces they come in.
import { Heard } from "./talk.ts";

/** The line before a chunk: a size, perhaps with extensions. */
const MAX_CHUNK_LINE = 256;
const LF = 10;
const CHUNKED = /^transfer-encoding:.*\bchunked\b/im;
const LENGTH = /^content-length:[ \t]*(\d{1,15})[ \t]*\r?$/im;

export class BodySearch {
  private readonly wanted: Uint8Array;
  private readonly isChunked: boolean;
  /** The bytes that are still framed. */
  private readonly raw = new Heard();
  private readonly body = new Heard();
  /** The bytes of the body, or of its present chunk, that are still to come. */
  private leftBytes: number;
  private searchedBytes = 0;
  private hasEnded = false;

  /** @param head of the answer, with its last line end */
  constructor(head: string, wanted: Uint8Array) {
    this.wanted = wanted;
    this.isChunked = CHUNKED.test(head);
    const [, length] = LENGTH.exec(head) ?? [];
    this.leftBytes = this.isChunked ? 0 : Number(length ?? Number.POSITIVE_INFINITY);
    this.hasEnded = this.leftBytes === 0 && !this.isChunked;
  }

  /** @returns whether the bytes are there; `ended`: they are not, and no more of the body comes or is read */
  add(bytes: Uint8Array): "found" | "ended" | "more" {
    this.raw.add(bytes);
    // The rest of a piece that is too long is lost.
    const isCut = this.raw.isFull;
    while (this.step());
    const { body, wanted } = this;
    const from = Math.max(0, this.searchedBytes - wanted.length + 1);
    this.searchedBytes = body.bytes.length;
    if (body.bytes.indexOf(wanted, from) >= 0) return "found";
    return this.hasEnded || isCut || body.isFull ? "ended" : "more";
  }

  /** Takes what is left of a chunk, or the line before one. @returns whether there may be more to take */
  private step(): boolean {
    const { raw } = this;
    if (this.hasEnded || raw.bytes.length === 0) return false;
    if (this.leftBytes === 0) return this.readSize();
    const piece = raw.bytes.subarray(0, this.leftBytes);
    this.body.add(piece);
    raw.drop(piece.length);
    this.leftBytes -= piece.length;
    this.hasEnded = this.leftBytes === 0 && !this.isChunked;
    return true;
  }

  /** RFC 9112, section 7.1 */
  private readSize(): boolean {
    const { raw } = this;
    const end = raw.bytes.indexOf(LF);
    if (end < 0) {
      this.hasEnded = raw.bytes.length >= MAX_CHUNK_LINE;
      return false;
    }
    const line = raw.bytes.toString("latin1", 0, Math.min(end, MAX_CHUNK_LINE)).trim();
    raw.drop(end + 1);
    // The line end after a chunk.
    if (line === "") return true;
    this.leftBytes = Number.parseInt(line, 16);
    this.hasEnded = !(this.leftBytes > 0);
    return !this.hasEnded;
  }
}
