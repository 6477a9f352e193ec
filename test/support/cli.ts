import { systemClock, type Clock } from '../../src/contract/clock.js';
import { commands } from '../../src/cli/commands/index.js';
import type { DaemonControl } from '../../src/cli/context.js';
import { cliEnvironment } from '../../src/cli/env.js';
import { runProgram } from '../../src/cli/program.js';
import { Signals } from '../../src/cli/signals.js';
import { Screen } from '../../src/cli/terminal/output.js';
import type { Prompt } from '../../src/cli/terminal/prompt.js';
import { FakeOutput } from './fake-output.js';

export interface CliOptions {
  readonly endpoint?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Width of the terminal that both outputs are; none of them is one without it. */
  readonly columns?: number;
  readonly stdin?: string;
  /** Answers of the person at the terminal, in order: keys, or a text for a secret. */
  readonly answers?: readonly string[];
  readonly clock?: Clock;
  readonly daemon?: Partial<DaemonControl>;
}

/** The program while it runs in a test. */
export interface CliRun {
  readonly out: FakeOutput;
  readonly err: FakeOutput;
  readonly signals: Signals;
  /** What was asked of the person. */
  readonly asked: string[];
  readonly code: Promise<number>;
}

/** Runs a command line in this process, with outputs, signals and answers of the test's own. */
export function startCli(argv: readonly string[], options: CliOptions = {}): CliRun {
  const screen = new Screen();
  const terminal = options.columns === undefined ? {} : { columns: options.columns, screen };
  const [out, err] = [new FakeOutput(terminal), new FakeOutput(terminal)];
  const signals = new Signals();
  const asked: string[] = [];
  const all = { STIGMER_HOME: '/nowhere/stigmer', ...(options.endpoint === undefined ? {} : { STIGMER_SERVER_ADDR: options.endpoint }), ...options.env };
  let keys = 0;
  const lines = (options.stdin ?? '').split('\n').filter((line) => line !== '');
  const code = runProgram(commands, argv, {
    version: '0.0.0-test',
    outputs: () => ({ out, err }),
    prompt: options.answers === undefined ? undefined : () => answering(options.answers ?? [], asked),
    readInput: async () => options.stdin ?? '',
    readLine: async () => lines.shift(),
    environment: () => ({ values: cliEnvironment.read(all), all }),
    cwd: options.cwd ?? '/',
    clock: options.clock ?? systemClock,
    signals,
    newKey: () => `key-${++keys}`,
    daemon: async () => ({ daemonStatus: async () => undefined, ...options.daemon }) as DaemonControl,
  });
  return { out, err, signals, asked, code };
}

/** The same to its end. */
export async function cli(argv: readonly string[], options: CliOptions = {}): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string; readonly asked: readonly string[] }> {
  const { out, err, asked, code } = startCli(argv, options);
  return { code: await code, stdout: out.screen, stderr: err.screen, asked };
}

function answering(answers: readonly string[], asked: string[]): Prompt {
  let next = 0;
  const answer = (question: string): string | undefined => {
    asked.push(question);
    return answers[next++];
  };
  return {
    choose: async (question, choices) => {
      const key = answer(question);
      return choices.find((choice) => choice.key === key)?.key;
    },
    secret: async (question) => answer(question),
  };
}
