import { once } from 'node:events';
import { lstat } from 'node:fs/promises';
import { type Socket, connect } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../contract/clock.js';
import { StigmerError, failedPrecondition, unavailable } from '../contract/errors.js';
import { type ControlRequest, type ControlResponse, fromErrorText } from './control-protocol.js';
import type { DaemonStatus, StartProgress } from './control.js';
import type { Home } from './home.js';
import { lockHolder } from './leftovers.js';

/** A supervisor that is alive answers at once; it says something at least so often while it starts or stops what takes long. */
const SILENCE_MS = 10_000;

/**
 * Asks the supervisor of a home. Undefined when none listens.
 *
 * @throws StigmerError that the supervisor answered with; UNAVAILABLE when it does not answer at all
 */
export async function askSupervisor(
  home: Home,
  request: ControlRequest,
  clock: Clock,
  onProgress: (progress: StartProgress) => void = () => undefined,
): Promise<DaemonStatus | undefined> {
  const socket = await connectTo(home.socket);
  if (socket === undefined) return undefined;
  // A start may wait for a download of minutes without a word from a component.
  const silence = request.request === 'start' ? undefined : SILENCE_MS;
  const watch = new SilenceWatch(clock, silence, () => {
    socket.destroy(unavailable(`the supervisor of ${home.root} listens at ${home.socket} but does not answer within ${SILENCE_MS / 1_000} s`));
  });
  let heard = false;
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    // readline ends without a word when its input fails.
    const failed = once(socket, 'close').then(() => {
      throw ended(socket);
    });
    failed.catch(() => undefined);
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    for (;;) {
      const line = await Promise.race([lines.next(), failed]);
      if (line.done === true) throw ended(socket);
      heard = true;
      watch.heard();
      const response = JSON.parse(line.value) as ControlResponse;
      if ('progress' in response) onProgress(response.progress);
      else if ('result' in response) return response.result;
      else throw fromErrorText(response.error);
    }
  } catch (error) {
    if (error instanceof StigmerError) throw error;
    // One that is being killed still takes connections for a moment.
    if (!heard && (await lockHolder(home)) === undefined) return undefined;
    throw unavailable(`the supervisor of ${home.root} ended before it answered; its log: stigmer server logs -c supervisor`, { cause: error });
  } finally {
    watch.end();
    socket.destroy();
  }
}

function ended(socket: Socket): Error {
  return socket.errored ?? new Error('the connection was closed');
}

class SilenceWatch {
  readonly #clock: Clock;
  readonly #limitMs: number | undefined;
  readonly #onSilence: () => void;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, limitMs: number | undefined, onSilence: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onSilence = onSilence;
    this.heard();
  }

  heard(): void {
    this.#cancel();
    if (this.#limitMs !== undefined) this.#cancel = this.#clock.setTimer(this.#limitMs, this.#onSilence);
  }

  end(): void {
    this.#cancel();
  }
}

/** Undefined when nobody listens there. */
async function connectTo(path: string): Promise<Socket | undefined> {
  await assertOurs(path);
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    socket.destroy();
    const { code } = error as NodeJS.ErrnoException;
    // ENOENT: there is no socket; ECONNREFUSED: one that a killed supervisor has left.
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined;
    throw unavailable(`the supervisor's socket ${path} cannot be opened: ${(error as Error).message}`, { cause: error });
  }
}

/** Under /tmp another user could have made the folder first, to be told what is meant for the supervisor. */
async function assertOurs(path: string): Promise<void> {
  const folder = await lstat(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  const uid = process.getuid?.();
  if (folder !== undefined && uid !== undefined && folder.uid !== uid) throw failedPrecondition(`${dirname(path)} belongs to another user: remove it, or set STIGMER_HOME to another folder`);
}
