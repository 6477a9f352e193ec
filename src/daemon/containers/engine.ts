import { execFile } from 'node:child_process';
import { unavailable } from '../../contract/errors.js';

/** Which engine it is, as far as it matters here. */
export type EngineKind = 'docker' | 'docker-desktop' | 'podman';

/** How an engine's command line is run. */
export interface EngineCommand {
  /** `docker`, `podman`, or the path of one of them. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Longest time that a command may take which should be answered at once, in milliseconds. */
const LIMIT_MS = 10_000;

/** Runs commands of a container engine. */
export class ContainerEngine {
  readonly command: EngineCommand;

  constructor(command: EngineCommand) {
    this.command = command;
  }

  /** Gives what it prints. Throws StigmerError UNAVAILABLE with its complaint. */
  run(args: readonly string[], limitMs = LIMIT_MS): Promise<string> {
    const { file, env } = this.command;
    return new Promise((resolve, reject) => {
      execFile(file, args, { env, timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trim());
        else reject(unavailable(`\`${file} ${args[0] ?? ''}\`: ${complaintOf(error, stderr, limitMs)}`, { cause: error }));
      });
    });
  }

  /** Removes containers, running or not. Those that are not there are no error. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.run(['rm', '--force', '--volumes', ...names]);
  }

  /** Names of all containers with this label, running or not. */
  async withLabel(label: string): Promise<string[]> {
    const names = await this.run(['ps', '--all', '--filter', `label=${label}`, '--format', '{{.Names}}']);
    return names.split('\n').filter((name) => name !== '');
  }
}

function complaintOf(error: Error & { code?: unknown; killed?: boolean }, stderr: string, limitMs: number): string {
  if (error.code === 'ENOENT') return 'there is no such program';
  if (error.killed === true) return `no answer within ${limitMs / 1_000} s`;
  return stderr.trim().split('\n').at(-1) || error.message;
}
