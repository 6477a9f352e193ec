import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { unary } from '../../test/support/rpc.js';
import { ownEnvironment } from '../env.js';
import type { Target } from '../load/connection.js';
import type { Usage } from './remote.js';

export interface StigmerServerOptions {
  /** The built program, `dist/server/main.js`. */
  readonly program: string;
  /** `host:port` of Temporal. */
  readonly temporal: string;
  /** Further flags of node: `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
  /** An earlier server's state, to go on with. */
  readonly stateDir?: string;
}

/** What the server says of itself at `/metrics`. */
export interface ServerUsage extends Usage {
  /** 99th percentile of how late the event loop was since the last reading, in milliseconds. */
  readonly loopP99Ms: number;
  /** Bytes of events that were appended to the log. */
  readonly logBytes: number;
}

interface Ports {
  readonly grpc: number;
  readonly http: number;
}

/** The event loop's lag is sampled by a timer of this interval, which the figure includes. */
const LAG_SAMPLING_MS = 10;

/** stigmer-server as a process of its own, on a state folder of its own. */
export class StigmerServer {
  readonly stateDir: string;
  readonly pid: number;
  /** Milliseconds from its start until it said that it listens. */
  readonly startMs: number;
  readonly #process: ChildProcess;
  readonly #ports: Ports;
  readonly #keepsState: boolean;
  #client: Client | undefined;

  private constructor(stateDir: string, keepsState: boolean, child: ChildProcess, ports: Ports, startMs: number) {
    this.stateDir = stateDir;
    this.#keepsState = keepsState;
    this.#process = child;
    this.pid = child.pid ?? 0;
    this.#ports = ports;
    this.startMs = startMs;
  }

  static async start({ program, temporal, nodeFlags = [], stateDir }: StigmerServerOptions): Promise<StigmerServer> {
    const folder = stateDir ?? mkdtempSync(join(tmpdir(), 'stigmer-bench-'));
    const start = performance.now();
    const child = spawn(process.execPath, [...nodeFlags, program], {
      env: {
        ...ownEnvironment(),
        STIGMER_STATE_DIR: folder,
        GRPC_PORT: '0',
        HTTP_PORT: '0',
        TEMPORAL_SERVICE_ADDRESS: temporal,
        STIGMER_EXIT_WITH_STDIN: '1',
        LOG_LEVEL: 'error',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout);
    const ports = await Promise.race([listening(lines), once(child, 'exit').then(([code]) => Promise.reject(new Error(`stigmer-server ended with code ${String(code)}`)))]);
    return new StigmerServer(folder, stateDir !== undefined, child, ports, performance.now() - start);
  }

  get target(): Target {
    return { port: this.#ports.grpc, token: this.#token() };
  }

  /** A call with an ordinary client, for what is prepared and not measured. */
  call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>> {
    this.#client ??= new Client(`127.0.0.1:${this.#ports.grpc}`, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${this.#token()}`);
    return unary(this.#client, method, request, metadata);
  }

  async usage(): Promise<ServerUsage> {
    const text = await (await fetch(`http://127.0.0.1:${this.#ports.http}/metrics`)).text();
    const read = (name: string): number => Number(new RegExp(`^stigmer_${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    return {
      cpuUs: read('process_cpu_seconds_total') * 1e6,
      rss: read('process_resident_memory_bytes'),
      loopP99Ms: Math.max(0, read('nodejs_eventloop_lag_p99_seconds') * 1000 - LAG_SAMPLING_MS),
      logBytes: read('log_bytes_total'),
    };
  }

  /** Has it collect garbage, if it was started with `collectable`; the memory that it uses then is what it holds. */
  collectGarbage(): void {
    this.#process.kill('SIGUSR2');
  }

  /** Stops it as the supervisor does; gives the milliseconds until it was gone. */
  async stop(): Promise<number> {
    this.#client?.close();
    const gone = once(this.#process, 'exit');
    const start = performance.now();
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await gone;
    }
    const took = performance.now() - start;
    if (!this.#keepsState) rmSync(this.stateDir, { recursive: true, force: true });
    return took;
  }

  #token(): string {
    return readFileSync(join(this.stateDir, 'tokens', 'user'), 'utf8').trim();
  }
}

/** The ports, from the line that says that it listens. What is logged beside goes to our own standard error. */
function listening(lines: ReturnType<typeof createInterface>): Promise<Ports> {
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      const said = JSON.parse(line) as { listening?: Ports };
      if (said.listening === undefined) process.stderr.write(`${line}\n`);
      else resolve(said.listening);
    });
  });
}
