import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { holdLease } from '../../src/client/lease.js';
import { RpcClient } from '../../src/client/rpc-client.js';
import { systemClock } from '../../src/contract/clock.js';
import { freePort } from '../../src/daemon/supervision/ports.js';
import { createToken } from '../../src/server/edge/token-book.js';
import { ProgramProcess } from './program-process.js';
import { builtProgram } from './whole-system.js';

const RUNNERS = ['agent-runner-1', 'agent-runner-2', 'agent-runner-3'];

/** A runner as the server sees it: a token and a lease, which is renewed by itself. */
export interface LeasedRunner {
  readonly client: RpcClient;
  readonly leaseId: () => string;
}

/** The server's program on one folder and one port, to be killed and started again. There is no Temporal. */
export class KillableServer {
  readonly user: RpcClient;
  readonly runners: readonly LeasedRunner[];
  /** What it has logged as an error or worse. */
  readonly errors: string[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #over = new AbortController();
  readonly #leases: Promise<void>[] = [];
  #process: ProgramProcess;

  /** On free ports. Its state is in `folder`. */
  static async start(folder: string): Promise<KillableServer> {
    return new KillableServer(folder, await freePort('127.0.0.1'), await freePort('127.0.0.1'));
  }

  private constructor(folder: string, grpcPort: number, httpPort: number) {
    const endpoint = `127.0.0.1:${grpcPort}`;
    const tokens = join(folder, 'tokens');
    mkdirSync(tokens, { recursive: true, mode: 0o700 });
    for (const name of ['user', ...RUNNERS]) createToken(join(tokens, name));
    const tokenOf = (name: string): string => readFileSync(join(tokens, name), 'utf8').trim();

    this.#env = { STIGMER_STATE_DIR: folder, TEMPORAL_SERVICE_ADDRESS: '127.0.0.1:1', GRPC_PORT: String(grpcPort), HTTP_PORT: String(httpPort) };
    this.user = new RpcClient({ endpoint, token: tokenOf('user') });
    this.runners = RUNNERS.map((name) => {
      const client = new RpcClient({ endpoint, token: tokenOf(name) });
      const introduction = { name, component: 'agent-runner', version: '0.1.0', taskQueues: ['agent_execution_runner'], slots: 10, host: 'here', pid: process.pid, endpoint };
      let leaseId = '';
      const events = { held: ({ id }: { readonly id: string }) => void (leaseId = id), lost: nothing, cancel: nothing, drain: nothing };
      this.#leases.push(holdLease({ client, clock: systemClock, introduction, load: () => ({ slotsUsed: 0, executionIds: [] }), events }, this.#over.signal));
      return { client, leaseId: () => leaseId };
    });
    this.#process = this.#start();
  }

  /** Kills it as `kill -9` does, and starts the next one, which takes its time. */
  async killAndRestart(): Promise<void> {
    await this.#kill();
    this.#process = this.#start();
  }

  async close(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#leases);
    for (const { client } of this.runners) client.close();
    this.user.close();
    await this.#kill();
  }

  async #kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process.process;
    if (exitCode !== null || signalCode !== null) throw new Error(`the server ended by itself: ${this.#process.errors} ${JSON.stringify(this.#process.lines.slice(-5))}`);
    this.#process.process.kill('SIGKILL');
    await this.#process.ended;
    this.errors.push(...this.#process.lines.filter(({ level }) => level === 'error' || level === 'fatal').map((line) => JSON.stringify(line)));
  }

  #start(): ProgramProcess {
    return new ProgramProcess(builtProgram('server/main.js'), this.#env);
  }
}

function nothing(): void {
  // Of no concern here.
}
