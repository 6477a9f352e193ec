import { systemClock } from '../contract/clock.js';
import { packageVersion } from '../contract/version.js';
import { commands } from './commands/index.js';
import { readEnvironment, readTerminalEnvironment } from './env.js';
import { runProgram } from './program.js';
import { Signals } from './signals.js';
import type { LineReader } from './terminal/line-reader.js';
import { Screen, StreamOutput } from './terminal/output.js';
import { TerminalPrompt } from './terminal/prompt.js';

const { stdin, stdout, stderr } = process;
const terminal = readTerminalEnvironment();
const canMove = terminal.TERM !== 'dumb';
const signals = new Signals();

process.on('SIGINT', () => signals.interrupt());
process.on('SIGTERM', () => signals.end('SIGTERM'));
process.on('SIGHUP', () => signals.end('SIGHUP'));
for (const stream of [stdout, stderr]) {
  // Whoever reads has left, as `head` does.
  stream.on('error', () => signals.end('CLOSED_PIPE'));
}

const screen = new Screen();
let lineReader: LineReader | undefined;
const code = await runProgram(commands, process.argv.slice(2), {
  version: packageVersion(),
  outputs: ({ color }) => {
    const output = (stream: NodeJS.WriteStream): StreamOutput => {
      const isTty = stream.isTTY === true && canMove;
      const forced = terminal.FORCE_COLOR !== undefined && terminal.FORCE_COLOR !== '0';
      return new StreamOutput(stream, screen, { isTty, color: color && terminal.NO_COLOR === undefined && (forced || isTty) });
    };
    return { out: output(stdout), err: output(stderr) };
  },
  prompt: stdin.isTTY && stderr.isTTY && canMove ? (err) => new TerminalPrompt(stdin, err) : undefined,
  readInput: async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  },
  readLine: async (question) => {
    const { PipeLineReader, TerminalLineReader } = await import('./terminal/line-reader.js');
    lineReader ??= stdin.isTTY && canMove ? new TerminalLineReader(stdin, stderr) : new PipeLineReader(stdin);
    return lineReader.read(question);
  },
  environment: readEnvironment,
  cwd: process.cwd(),
  clock: systemClock,
  signals,
  newKey: () => crypto.randomUUID(),
  daemon: () => import('../daemon/control.js'),
});

// What is still open (a channel that closes, a supervisor's socket) has nothing more to say. Output comes first: where it is written in
// the background, its last piece has to arrive, or its reader turn out to have left.
stdout.write('', (error) => {
  if (error) signals.end('CLOSED_PIPE');
  stderr.write('', () => process.exit(signals.exitCode ?? code));
});
