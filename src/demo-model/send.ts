import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../contract/clock.js';
import { pause } from './pace.js';
import type { Answer, Frame, Protocol } from './protocol.js';
import type { Manner } from './turn.js';

/** Where an answer goes. `gone` aborts when the connection has ended, whoever ended it. */
export interface Line {
  response: ServerResponse;
  gone: AbortSignal;
  clock: Clock;
  /** Closes the connection in the middle of the answer. */
  cut: () => void;
}

/** Answers with JSON in one piece. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

/**
 * Delivers a turn in its manner: the answer, a part of it, or an error. Returns when the response has ended, was cut, or, after a
 * hang, when the client has given up.
 */
export async function sendTurn(line: Line, protocol: Protocol, answer: Answer, manner: Manner): Promise<void> {
  const { response, gone, clock } = line;
  const { stream } = answer.conversation;
  const { error } = manner;
  await pause(manner.delayMs, clock, gone);
  if (error && (!stream || error.after === undefined)) {
    const body = error.body ?? protocol.errorBody(error.status, error.message);
    if (error.retry_after_s !== undefined) response.setHeader('retry-after', error.retry_after_s);
    sendJson(response, error.status, body);
    return;
  }
  response.statusCode = 200;
  response.setHeader('content-type', stream ? protocol.streamType : 'application/json');
  if (stream) {
    response.setHeader('cache-control', 'no-cache');
    const breakOff = error && { at: error.after, data: protocol.errorFrame(error.status, error.message) };
    await sendFrames(line, protocol.streamFrames(answer), manner, breakOff);
    return;
  }
  // An answer in one piece takes as long as its tokens, and counts as two frames, so that it can be cut in the middle.
  await pause(manner.tokenMs * answer.turn.usage.output, clock, gone);
  const json = JSON.stringify(protocol.wholeAnswer(answer));
  const middle = Math.ceil(json.length / 2);
  const halves = [json.slice(0, middle), json.slice(middle)].map((data) => ({ data, paced: false }));
  await sendFrames(line, halves, manner, undefined);
}

async function sendFrames(
  line: Line,
  frames: Iterable<Frame>,
  manner: Manner,
  breakOff: { at: number | undefined; data: string } | undefined,
): Promise<void> {
  const { response, gone, clock } = line;
  const write = manner.odd_chunks === true ? oddWriter(line) : plainWriter(line);
  /** True when the answer ends here. */
  const stopsHere = async (due: (after: number | undefined) => boolean): Promise<boolean> => {
    if (due(manner.hang)) {
      await write('', true);
      await aborted(gone);
      return true;
    }
    if (due(manner.cut)) {
      await write('', true);
      line.cut();
      return true;
    }
    if (!breakOff || !due(breakOff.at)) return false;
    await write(breakOff.data, true);
    response.end();
    return true;
  };

  let sent = 0;
  let speaking = false;
  for (const { data, paced } of frames) {
    if (gone.aborted || (await stopsHere((after) => after === sent))) return;
    if (paced && speaking) await pause(manner.tokenMs, clock, gone);
    speaking ||= paced;
    await write(manner.wrong_json === sent ? broken(data) : data, false);
    sent += 1;
  }
  // A script that counts more frames than there are means the end of the answer.
  if (gone.aborted || (await stopsHere((after) => after !== undefined))) return;
  await write('', true);
  response.end();
}

type Write = (data: string, flush: boolean) => Promise<void>;

function plainWriter(line: Line): Write {
  return async (data) => {
    if (data !== '') await writeBytes(line, Buffer.from(data));
  };
}

/** Chunk sizes that are no divisors of anything: within a character, within a frame, over the end of one. */
const oddSizes = [1, 2, 3, 61, 5, 7, 29];

function oddWriter(line: Line): Write {
  let rest = Buffer.alloc(0);
  let written = 0;
  return async (data, flush) => {
    rest = Buffer.concat([rest, Buffer.from(data)]);
    for (;;) {
      const size = oddSizes[written % oddSizes.length] ?? 1;
      if (rest.length === 0 || (rest.length < size && !flush)) return;
      await writeBytes(line, rest.subarray(0, size));
      rest = rest.subarray(size);
      written += 1;
      // Writes of one turn of the loop may reach the client as one chunk.
      await setImmediate();
    }
  };
}

/** Resolves when the bytes are with the kernel (so a cut after it loses none of them) or the connection is gone. */
async function writeBytes({ response, gone }: Line, bytes: Buffer): Promise<void> {
  if (gone.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      gone.removeEventListener('abort', done);
      resolve();
    };
    gone.addEventListener('abort', done);
    response.write(bytes, done);
  });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** The frame without the last third of its text, its line ends kept. */
function broken(frame: string): string {
  const text = frame.trimEnd();
  return text.slice(0, Math.floor((text.length * 2) / 3)) + frame.slice(text.length);
}
