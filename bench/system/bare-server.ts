import type { BareServer as BareFunctions } from '../floors/bare-server.js';
import type { Target } from '../load/connection.js';
import { Remote, type Usage } from './remote.js';

/** The floor under ours: a grpc-js server with nothing behind it, as a process of its own. */
export class BareServer {
  readonly target: Target;
  readonly #process: Remote<BareFunctions>;

  private constructor(child: Remote<BareFunctions>, port: number) {
    this.#process = child;
    this.target = { port, token: '' };
  }

  static async start(nodeFlags: readonly string[] = []): Promise<BareServer> {
    const child = new Remote<BareFunctions>('floors/bare-server.js', nodeFlags);
    return new BareServer(child, await child.call('start', undefined));
  }

  usage(): Promise<Usage> {
    return this.#process.usage();
  }

  /** As the other server's. */
  collectGarbage(): void {
    this.#process.signal('SIGUSR2');
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
