import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { internal } from '../contract/errors.js';
import { fromErrorText } from './control-protocol.js';
import { type Home, prepareHome } from './home.js';
import { type Program, supervisorProgram } from './program-files.js';
import type { StartReport } from './start-report.js';

/** How much of what it printed before it ended is told. */
const TOLD_BYTES = 2_000;

/**
 * Starts a supervisor in the background: in a session of its own, so that no Ctrl-C and no end of a terminal reaches it. Resolves when
 * it can be asked.
 *
 * @param env its whole environment
 * @throws StigmerError with the reason why it could not begin
 */
export async function spawnSupervisor(home: Home, env: Readonly<Record<string, string | undefined>>, program: Program = supervisorProgram()): Promise<void> {
  await prepareHome(home);
  const logPath = join(home.logs, 'supervisor.log');
  const logFd = openSync(logPath, 'a', 0o600);
  const { size } = fstatSync(logFd);
  let report: string;
  try {
    const child = spawn(program.file, program.args, { cwd: '/', env: { ...env }, stdio: ['ignore', logFd, logFd, 'pipe'], detached: true });
    await once(child, 'spawn');
    child.unref();
    report = await firstLine(child.stdio[3] as Readable);
  } catch (error) {
    throw internal(`the supervisor cannot be started (${program.file} ${program.args.join(' ')}): ${(error as Error).message}`, { cause: error });
  } finally {
    closeSync(logFd);
  }
  if (report === '') throw internal(`the supervisor ended before it could begin: ${(await readFrom(logPath, size)) || `it left no word in ${logPath}`}`);
  const message = JSON.parse(report) as StartReport;
  if ('error' in message) throw fromErrorText(message.error);
}

/** The line that it reports, or '' when it ended without. */
async function firstLine(pipe: Readable): Promise<string> {
  try {
    for await (const line of createInterface({ input: pipe })) return line;
    return '';
  } finally {
    pipe.destroy();
  }
}

/** The end of what was written to a file since it had `offset` bytes. */
async function readFrom(path: string, offset: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(offset, size - TOLD_BYTES);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.max(size - start, 0)), position: start });
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await file.close();
  }
}
