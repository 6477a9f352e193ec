import { ExecutionStream } from '../../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { BarePath } from '../floors/bare-paths.js';
import { pathOf } from '../requests.js';
import { openMessage } from './report-messages.js';
import type { Duplex, Transport } from './transport.js';
import { readVarint } from './wire.js';

/** Keys of ReportResponse's frames, and numbers of the fields of Ready and Ack. */
const Frame = { READY: 0x0a, ACK: 0x12, STOP: 0x1a } as const;
const Ready = { REVISION: 2, MESSAGE_COUNT: 3, WINDOW: 4 } as const;
const Ack = { SEQUENCE: 1, WINDOW: 2 } as const;

/** A runner's report on one execution. */
export class ReportStream {
  /** Where the log stood, how long the conversation was, when the report began. */
  revision = 0;
  messageCount = 0;
  /** Sequence number of the last event that is on disk. */
  acknowledged = 0;
  /** Events that may be under way. */
  window = 0;
  /** Called with each acknowledgement. */
  onAck: () => void = () => undefined;
  readonly ended: Promise<number>;
  #call: Duplex | undefined;
  #ready: () => void = () => undefined;

  private constructor(transport: Transport, path: string) {
    this.ended = new Promise((resolve) => {
      this.#call = transport.open(path, (message) => this.#take(message), resolve);
    });
  }

  /** Opens a report, and waits until the server is ready for it. Throws when the server refuses it. */
  static async open(transport: Transport, executionId: string, bare = false): Promise<ReportStream> {
    const stream = new ReportStream(transport, bare ? BarePath.ACKNOWLEDGE : pathOf(ExecutionStream.method.report));
    const ready = new Promise<undefined>((resolve) => {
      stream.#ready = () => resolve(undefined);
    });
    stream.send(openMessage(executionId));
    const refused = await Promise.race([ready, stream.ended]);
    if (refused !== undefined) throw new Error(`a report on ${executionId} was refused with status ${refused}`);
    return stream;
  }

  send(message: Uint8Array): void {
    this.#call?.send(message);
  }

  /** Half-closes; resolves with the status of the end. */
  end(): Promise<number> {
    this.#call?.endSending();
    return this.ended;
  }

  #take(message: Buffer): void {
    const body = readVarint(message, 1).next;
    const fields = new Map<number, number>();
    if (message[0] === Frame.STOP) return;
    for (let at = body; at < message.length; ) {
      const { value, next } = readVarint(message, at + 1);
      fields.set(message[at]! >> 3, value);
      at = next;
    }
    if (message[0] === Frame.READY) {
      this.revision = fields.get(Ready.REVISION) ?? 0;
      this.messageCount = fields.get(Ready.MESSAGE_COUNT) ?? 0;
      this.window = fields.get(Ready.WINDOW) ?? 0;
      this.#ready();
    } else {
      this.acknowledged = fields.get(Ack.SEQUENCE) ?? 0;
      this.window = fields.get(Ack.WINDOW) ?? 0;
      this.onAck();
    }
  }
}
