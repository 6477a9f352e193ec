import { execFile, type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../src/daemon/supervision/ports.js';
import { ownEnvironment } from '../env.js';
import type { Target } from '../load/connection.js';

const execute = promisify(execFile);

/** One component, as `stigmer server status -o json` tells it. */
export interface ComponentReport {
  readonly name: string;
  readonly state: string;
  readonly pid?: number;
  readonly since: string;
  readonly memoryBytes?: number;
}

export interface InstallationOptions {
  /** Folder of the repository. */
  readonly root: string;
  readonly temporalBinary: string;
  readonly modelUrl: string;
}

/** A whole stigmer in a home and on ports of its own, used by its command as a person uses it. */
export class Installation {
  readonly #options: InstallationOptions;
  readonly #home = mkdtempSync(join(tmpdir(), 'stigmer-bench-home-'));
  readonly #ports: readonly [grpc: number, http: number, temporal: number];

  private constructor(options: InstallationOptions, ports: readonly [number, number, number]) {
    this.#options = options;
    this.#ports = ports;
  }

  static async prepare(options: InstallationOptions): Promise<Installation> {
    const host = '127.0.0.1';
    return new Installation(options, [await freePort(host), await freePort(host), await freePort(host)]);
  }

  get target(): Target {
    return { port: this.#ports[0], token: readFileSync(join(this.#home, 'state', 'tokens', 'user'), 'utf8').trim() };
  }

  /** Starts it; gives the milliseconds until the command was done. */
  async start(): Promise<number> {
    const [grpc, http, temporal] = this.#ports.map(String) as [string, string, string];
    return timed(() => this.command('server', 'start', '--port', grpc, '--http-port', http, '--temporal-port', temporal));
  }

  stop(): Promise<number> {
    return timed(() => this.command('server', 'stop'));
  }

  async components(): Promise<readonly ComponentReport[]> {
    const status = JSON.parse(await this.command('server', 'status', '-o', 'json')) as { readonly components: readonly ComponentReport[] };
    return status.components;
  }

  /** Runs the command to its end; gives what it printed. Throws with its errors when it fails. */
  async command(...args: readonly string[]): Promise<string> {
    const { stdout } = await execute(process.execPath, [this.#program, ...args], { env: this.#environment });
    return stdout;
  }

  /** Starts the command, for its output to be read as it comes. */
  spawn(...args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [this.#program, ...args], { env: this.#environment, stdio: ['ignore', 'pipe', 'inherit'] });
  }

  remove(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }

  get #program(): string {
    return join(this.#options.root, 'bin', 'stigmer');
  }

  get #environment(): NodeJS.ProcessEnv {
    return {
      ...ownEnvironment(),
      STIGMER_HOME: this.#home,
      STIGMER_SERVER_ADDR: `127.0.0.1:${this.#ports[0]}`,
      STIGMER_TEMPORAL_BIN: this.#options.temporalBinary,
      STIGMER_LLM_PROVIDER: 'openai',
      STIGMER_LLM_BASE_URL: this.#options.modelUrl,
      STIGMER_LLM_MODEL: 'timed',
      STIGMER_LLM_API_KEY: 'none-needed',
    };
  }
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
