import { parseArgs } from 'node:util';
import { systemClock } from '../contract/clock.js';
import type { EnvironmentSource } from '../contract/environment.js';
import { StigmerError } from '../contract/errors.js';
import { ownEnvironment, readSupervisorSettings } from './env.js';
import { ProgressLines } from './progress-lines.js';
import { runSupervisor } from './run-supervisor.js';
import { settingsEnvironment } from './settings-environment.js';
import { stopSignals } from './stop-signals.js';

const USAGE = `Usage: stigmer-server start [options]

Starts Temporal, stigmer-server, the workflow worker and the agent-runner, and keeps them running in the foreground until Ctrl-C or
SIGTERM, which stop all of it. For a terminal of your own, use \`stigmer server start\`: it does the same in the background.

Options:
  --home DIR             where everything is kept (STIGMER_HOME; ~/.stigmer)
  --grpc-port PORT       stigmer-server's gRPC port (STIGMER_GRPC_PORT; 7234)
  --http-port PORT       stigmer-server's HTTP port (STIGMER_HTTP_PORT; 7235)
  --temporal-port PORT   the Temporal dev server's port (STIGMER_TEMPORAL_PORT; 7233)
  --only NAME,NAME       these components and nothing else: temporal, server, worker, agent-runner
  --demo-model           a scripted demo model where no model provider answers
  --help                 this text

A Temporal cluster of your own takes the place of the dev server: TEMPORAL_SERVICE_ADDRESS=host:port.`;

const OPTIONS = {
  home: { type: 'string' },
  'grpc-port': { type: 'string' },
  'http-port': { type: 'string' },
  'temporal-port': { type: 'string' },
  only: { type: 'string' },
  'demo-model': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The supervisor in the foreground: for containers, systemd, and whoever wants to see it. Gives the exit code: 0 stopped, 1 failed, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  let env: EnvironmentSource | undefined;
  try {
    env = environmentOf(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return 2;
  }
  if (env === undefined) {
    print(USAGE);
    return 0;
  }
  process.umask(0o077);
  const stop = stopSignals();
  try {
    const settings = readSupervisorSettings(env);
    const lines = new ProgressLines(print);
    await runSupervisor(
      { settings, env, clock: systemClock, random: Math.random },
      {
        onProgress: (progress) => lines.show(progress),
        onReady: () => print(`Ready in ${lines.elapsed()}. Ctrl-C stops all of it.`),
      },
      stop,
    );
    print('Stopped.');
    return 0;
  } catch (error) {
    process.stderr.write(`${StigmerError.from(error).message}\n`);
    return 1;
  }
}

/** The environment with the flags over it; undefined when help is asked for. Throws Error for what cannot be understood. */
function environmentOf(args: readonly string[]): EnvironmentSource | undefined {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values.help === true || positionals.length === 0) return undefined;
  if (positionals.length > 1 || positionals[0] !== 'start') throw new Error(`stigmer-server does not know '${positionals.join(' ')}'`);
  return settingsEnvironment(ownEnvironment(), {
    STIGMER_HOME: values.home,
    STIGMER_GRPC_PORT: values['grpc-port'],
    STIGMER_HTTP_PORT: values['http-port'],
    STIGMER_TEMPORAL_PORT: values['temporal-port'],
    STIGMER_ONLY: values.only,
    STIGMER_DEMO_MODEL: values['demo-model'] === true ? '1' : undefined,
  });
}

process.exitCode = await main(process.argv.slice(2));
