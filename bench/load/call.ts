import { Flag, FRAME_HEADER, FrameType, MAX_FRAME, writeFrameHeader } from './http2-frames.js';

export interface CallListener {
  /** One message of the server. The buffer is the caller's until the function returns. */
  message(payload: Buffer): void;
  /** The call has ended, with this gRPC status. */
  end?(status: number): void;
}

export interface CallTransport {
  /** Bytes of payload that the connection's window still takes. */
  readonly window: number;
  /** Sends a DATA frame; `bytes` of its payload count against the window. */
  write(frame: Buffer, bytes: number): void;
  drop(): void;
}

/** Bytes before each gRPC message: whether it is compressed, and its length. */
const PREFIX = 5;

interface Outgoing {
  readonly bytes: Buffer;
  readonly last: boolean;
  sent: number;
}

/** One gRPC call on a Connection. */
export class Call {
  readonly id: number;
  readonly #listener: CallListener;
  readonly #transport: CallTransport;
  readonly #waiting: Outgoing[] = [];
  #sendWindow: number;
  #unreturned = 0;
  #partial: Buffer | undefined;

  constructor(id: number, listener: CallListener, sendWindow: number, transport: CallTransport) {
    this.id = id;
    this.#listener = listener;
    this.#sendWindow = sendWindow;
    this.#transport = transport;
  }

  /** Sends one message; the last one ends the client's side. */
  send(message: Uint8Array, last = false): void {
    const bytes = Buffer.allocUnsafe(PREFIX + message.length);
    bytes[0] = 0;
    bytes.writeUInt32BE(message.length, 1);
    bytes.set(message, PREFIX);
    this.#waiting.push({ bytes, last, sent: 0 });
    this.flush();
  }

  /** Ends the client's side without a message. */
  endSending(): void {
    this.#waiting.push({ bytes: Buffer.alloc(0), last: true, sent: 0 });
    this.flush();
  }

  cancel(): void {
    this.#waiting.length = 0;
    this.#transport.drop();
  }

  /** Sends what the windows allow. */
  flush(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      do {
        const left = first.bytes.length - first.sent;
        const count = Math.min(left, this.#sendWindow, this.#transport.window, MAX_FRAME);
        if (count <= 0 && left > 0) return;
        this.#transport.write(this.#frameOf(first, count), count);
        first.sent += count;
        this.#sendWindow -= count;
      } while (first.sent < first.bytes.length);
      this.#waiting.shift();
    }
  }

  #frameOf({ bytes, last, sent }: Outgoing, count: number): Buffer {
    const out = Buffer.allocUnsafe(FRAME_HEADER + count);
    const ends = last && sent + count === bytes.length;
    const at = writeFrameHeader(out, 0, FrameType.DATA, ends ? Flag.END_STREAM : 0, this.id, count);
    bytes.copy(out, at, sent, sent + count);
    return out;
  }

  widen(bytes: number): void {
    this.#sendWindow += bytes;
    if (bytes > 0) this.flush();
  }

  received(payload: Buffer): void {
    this.#unreturned += payload.length;
    const data = this.#partial === undefined ? payload : Buffer.concat([this.#partial, payload]);
    let at = 0;
    while (data.length - at >= PREFIX) {
      const next = at + PREFIX + data.readUInt32BE(at + 1);
      if (next > data.length) break;
      this.#listener.message(data.subarray(at + PREFIX, next));
      at = next;
    }
    this.#partial = at === data.length ? undefined : data.subarray(at);
  }

  /** Bytes of the stream's window to give back now: none before half of it is used. */
  unreturned(window: number): number {
    if (this.#unreturned < window / 2) return 0;
    const bytes = this.#unreturned;
    this.#unreturned = 0;
    return bytes;
  }

  ended(status: number): void {
    this.#listener.end?.(status);
  }
}
