// The processes whose place this one takes, or has taken: the one that started it, and those before
// that one, which live on until their last session has ended.
import { BalError } from "../../base/errors.ts";
import { closeOnExec, redirect } from "../../os/socket.ts";
import { type Knowledge, NO_KNOWLEDGE } from "../backends/backends.ts";
import type { Handed } from "../listeners/inherited-sockets.ts";
import {
  FORMAT,
  type Handover,
  ofKind,
  type ToNewProcess,
  type ToOldProcess,
  type Word,
} from "./handover-protocol.ts";
import { JsonChannel } from "./json-channel.ts";
import { UPGRADE_FD } from "./new-process.ts";

const STDERR = 2;
/** It has been written before this process began. */
const BEQUEST_MS = 5000;

export class OldProcess {
  readonly lock: number | null;
  readonly sockets: readonly Handed[];
  readonly knowledge: Knowledge;
  /** This one first. */
  readonly channels: readonly JsonChannel[];
  private readonly channel: JsonChannel;

  private constructor(bequest: Handover, channels: readonly [JsonChannel, ...JsonChannel[]]) {
    this.lock = bequest.lock;
    this.sockets = bequest.sockets;
    const { backends, answers = NO_KNOWLEDGE.answers } = bequest;
    this.knowledge = { backends, answers };
    this.channels = channels;
    this.channel = channels[0];
  }

  /** Null: this process was started by nobody whose place it takes. Throws BalError `bad-bequest`. */
  static async meet(): Promise<OldProcess | null> {
    const fd = process.env[UPGRADE_FD];
    if (fd === undefined) return null;
    delete process.env[UPGRADE_FD];
    closeOnExec(Number(fd));
    const channel = await JsonChannel.open(Number(fd));
    const message = await Promise.race([channel.receive(), Bun.sleep(BEQUEST_MS)]);
    const bequest = ofKind<Handover>(message, "bequest");
    if (bequest?.format !== FORMAT) {
      throw new BalError("bad-bequest", "the running bal cannot be upgraded to this version", {
        hint: "stop it and start this one",
      });
    }
    const { lock, sockets, predecessors } = bequest;
    for (const { fd: socket } of sockets) closeOnExec(socket);
    if (lock !== null) closeOnExec(lock);
    redirect(bequest.stderr, STDERR);
    const older = await Promise.all(
      predecessors.map((one) => {
        closeOnExec(one);
        return JsonChannel.open(one);
      }),
    );
    return new OldProcess(bequest, [channel, ...older]);
  }

  /** Says that this process serves, and takes the old one's place once that has let go of it. Throws
   *  BalError `abandoned` when it does not. */
  async replace(
    { version, commit }: { readonly version: string; readonly commit: string },
    take: () => void,
  ): Promise<void> {
    this.send({ kind: "serving", version, commit });
    await this.expect("take-over");
    take();
    this.send({ kind: "taken" });
    // A process that ends after this point leaves the place to this one.
    await this.channel.receive();
  }

  /** Tells it why there will be no other one. */
  fail(error: unknown): void {
    const { code, message, hint } =
      error instanceof BalError ? error : { code: "fault", message: String(error), hint: null };
    this.send({ kind: "failed", code, message, hint });
  }

  private async expect(kind: ToNewProcess["kind"]): Promise<void> {
    const message = await this.channel.receive();
    if (ofKind<ToNewProcess>(message, kind) !== null) return;
    throw new BalError("abandoned", "the bal that this process was to replace has stopped");
  }

  private send(message: ToOldProcess): void {
    this.channel.send(message);
  }
}

/** Those that have sessions left, told what becomes of this process. */
export class OldProcesses {
  private readonly channels: readonly JsonChannel[];

  constructor(channels: readonly JsonChannel[]) {
    this.channels = channels;
  }

  /** How many live. */
  get count(): number {
    return this.living().length;
  }

  /** Channels to them, for the process that comes next. */
  get fds(): readonly number[] {
    return this.living().map(({ fd }) => fd);
  }

  /** `drain`: their sessions have as long as those of any bal that is stopped. `cut`: they are ended. */
  tell(word: Word): void {
    for (const channel of this.living()) channel.send({ kind: word });
  }

  /** They are another's now. */
  release(): void {
    for (const channel of this.living()) channel.close();
  }

  private living(): readonly JsonChannel[] {
    return this.channels.filter(({ isClosed }) => !isClosed);
  }
}
