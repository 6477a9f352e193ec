/** What of HTTP/2 (RFC 9113) the load client speaks. */
export const FrameType = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7, WINDOW_UPDATE: 8, CONTINUATION: 9 } as const;
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4 } as const;
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const FRAME_HEADER = 9;
/** Largest frame that either side sends, unless told otherwise. */
export const MAX_FRAME = 16_384;
/** Window of streams and connections before anything was said about it. */
export const DEFAULT_WINDOW = 65_535;

const Setting = { HEADER_TABLE_SIZE: 1, ENABLE_PUSH: 2, INITIAL_WINDOW_SIZE: 4 } as const;

/** Writes a frame's header at `at`; gives where its payload begins. */
export function writeFrameHeader(out: Buffer, at: number, type: number, flags: number, stream: number, length: number): number {
  out.writeUIntBE(length, at, 3);
  out[at + 3] = type;
  out[at + 4] = flags;
  out.writeUInt32BE(stream, at + 5);
  return at + FRAME_HEADER;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER + payload.length);
  out.set(payload, writeFrameHeader(out, 0, type, flags, stream, payload.length));
  return out;
}

export function windowUpdate(stream: number, increment: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(increment);
  return frame(FrameType.WINDOW_UPDATE, 0, stream, payload);
}

/** The client's settings. Without a header table every header block stands for itself, so that none has to be decoded to read the next. */
export function clientSettings(window: number): Buffer {
  const payload = Buffer.alloc(18);
  const settings = [[Setting.HEADER_TABLE_SIZE, 0], [Setting.ENABLE_PUSH, 0], [Setting.INITIAL_WINDOW_SIZE, window]] as const;
  for (const [i, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  }
  return frame(FrameType.SETTINGS, 0, 0, payload);
}

/** The initial window of streams in a peer's settings, if they name one. */
export function initialWindowIn(settings: Buffer): number | undefined {
  for (let at = 0; at + 6 <= settings.length; at += 6) {
    if (settings.readUInt16BE(at) === Setting.INITIAL_WINDOW_SIZE) return settings.readUInt32BE(at + 2);
  }
  return undefined;
}
