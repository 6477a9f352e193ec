import { readVarint } from './wire.js';

/** What one message told a watcher: it stands at `upTo` now. Undefined for one that is no step, such as a notice. */
export type ReadItem = (message: Buffer) => Item | undefined;

export interface Item {
  readonly upTo: number;
  /** It gives the newest state, and not the steps that led there one by one. */
  readonly whole: boolean;
  readonly end: boolean;
}

/** Field numbers of stigmer.stream.v1.WatchResponse and its items. */
const Response = { SNAPSHOT: 1, DELTAS: 2, END: 5 } as const;
const Deltas = { LAST_REVISION: 2, CONFLATED: 4 } as const;
const At = { RESUME_POINT: 1, REVISION: 2 } as const;

/** Items of a Watch. Steps are revisions. */
export const readWatchItem: ReadItem = (message) => {
  const { value: key, next } = readVarint(message, 0);
  const body = message.subarray(readVarint(message, next).next);
  switch (key >> 3) {
    case Response.DELTAS: {
      let upTo = 0;
      let whole = false;
      eachField(body, (number, value) => {
        if (number === Deltas.LAST_REVISION) upTo = value;
        else if (number === Deltas.CONFLATED) whole = value === 1;
      });
      return { upTo, whole, end: false };
    }
    case Response.SNAPSHOT:
    case Response.END:
      return { upTo: revisionIn(body), whole: key >> 3 === Response.SNAPSHOT, end: key >> 3 === Response.END };
    default:
      return undefined;
  }
};

function revisionIn(body: Buffer): number {
  let revision = 0;
  eachField(body, (number, length, at) => {
    if (number !== At.RESUME_POINT) return;
    eachField(body.subarray(at, at + length), (inner, value) => {
      if (inner === At.REVISION) revision = value;
    });
  });
  return revision;
}

/** Calls back for each field: with the value of a varint, or with length and place of bytes. */
function eachField(bytes: Buffer, visit: (number: number, value: number, at: number) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const key = readVarint(bytes, at);
    const { value, next } = readVarint(bytes, key.next);
    visit(key.value >> 3, value, next);
    at = (key.value & 7) === 2 ? next + value : next;
  }
}

/** Where a message that is not read says which step it is: `#00000012`. */
export const STEP_MARK = '#';
const MARK = STEP_MARK.charCodeAt(0);

/** Messages that carry their step's number in their text. */
export const readMarkedItem: ReadItem = (message) => {
  const at = message.lastIndexOf(MARK);
  if (at < 0) return undefined;
  let upTo = 0;
  for (let i = 1; i <= STEP_DIGITS; i += 1) upTo = upTo * 10 + message[at + i]! - ZERO;
  return { upTo, whole: true, end: false };
};

export const STEP_DIGITS = 8;
const ZERO = 48;

/** The mark of a step, to be put into a text. */
export function stepMark(step: number): string {
  return STEP_MARK + String(step).padStart(STEP_DIGITS, '0');
}
