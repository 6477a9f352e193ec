import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a process of the bench offers to the one that started it. */
export type Functions = Readonly<Record<string, (argument: never) => unknown>>;

/** What a process has used so far. */
export interface Usage {
  /** CPU of all its threads, user and system, in microseconds. */
  readonly cpuUs: number;
  /** Resident memory in bytes. */
  readonly rss: number;
}

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Offers functions to the parent process, `usage` among them. The process ends with its parent. */
export function serve(functions: Functions): void {
  const all: Functions = { ...functions, usage };
  process.on('message', ({ id, name, argument }: Question) => {
    void answer(all[name], argument).then((answered) => process.send?.({ ...answered, id }));
  });
  process.on('disconnect', () => process.exit());
}

async function answer(call: Functions[string] | undefined, argument: unknown): Promise<Omit<Answer, 'id'>> {
  try {
    if (call === undefined) throw new Error('there is no such function');
    return { value: await call(argument as never) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rss: process.memoryUsage.rss() };
}

/** Path of a program of the bench, as it was bundled: all lie in one folder, beside the bench itself. */
export function bundled(program: string): string {
  return fileURLToPath(new URL(program, import.meta.url));
}

type ResultOf<F> = F extends (argument: never) => infer R ? Awaited<R> : never;
type ArgumentOf<F> = F extends () => unknown ? undefined : F extends (argument: infer A) => unknown ? A : never;

/** A process of the bench, and the functions that it serves. */
export class Remote<F extends Functions> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (reason: Error) => void }>();
  #asked = 0;

  /** @param program its file, relative to the bench's bundle: `load/unary.js` */
  constructor(program: string, nodeFlags: readonly string[] = []) {
    this.#process = fork(bundled(program), { serialization: 'advanced', execArgv: [...nodeFlags] });
    this.#process.on('message', ({ id, value, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(`${program}: ${error}`));
    });
    this.#process.once('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${program} ended with code ${code}`));
    });
  }

  call<K extends keyof F & string>(name: K, argument: ArgumentOf<F[K]>): Promise<ResultOf<F[K]>> {
    return this.#ask(name, argument) as Promise<ResultOf<F[K]>>;
  }

  usage(): Promise<Usage> {
    return this.#ask('usage', undefined) as Promise<Usage>;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.disconnect();
    await gone;
  }

  #ask(name: string, argument: unknown): Promise<unknown> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, name, argument } satisfies Question);
    });
  }
}
