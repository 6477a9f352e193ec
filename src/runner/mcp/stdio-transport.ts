import { type ChildProcess, spawn } from 'node:child_process';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { killGroup } from '../workspace/marked-processes.js';
import { LineBuffer } from './line-buffer.js';

export interface StdioTransportOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** All that the program gets of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Most bytes of one message. */
  readonly messageBytes: number;
}

/**
 * MCP over the standard input and output of a program. A message that is too large, or no JSON, ends the program: what else it says
 * cannot be trusted to be in its place.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #options: StdioTransportOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #closing = false;
  #fault: Error | undefined;

  constructor(options: StdioTransportOptions) {
    this.#options = options;
  }

  /** What went wrong, when something did. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  start(): Promise<void> {
    const { command, args, env, cwd, messageBytes } = this.#options;
    const child = spawn(command, [...args], { cwd, env: { ...env }, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    this.#child = child;
    const lines = new LineBuffer(messageBytes);
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) this.#take(line);
      } catch (error) {
        this.#end(error as Error);
      }
    });
    // That it cannot be written to says less than how it ended.
    child.stdin.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      child.on('error', resolve);
      child.on('exit', (code, signal) => {
        if (!this.#closing || signal === null) this.#fault ??= new Error(`it ended by itself (${signal ?? `exit code ${code}`})`);
        killGroup(child.pid, 'SIGKILL');
        this.onclose?.();
        resolve(undefined);
      });
    });
    return new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        this.#fault = error;
        reject(error);
      });
    });
  }

  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#child?.stdin?.writable !== true) reject(this.#fault ?? new Error('it is not running'));
      else this.#child.stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#child?.stdin?.end();
    if (this.#child?.exitCode === null) killGroup(this.#child.pid, 'SIGKILL');
    await this.#exited;
  }

  #take(line: string): void {
    if (line.trim() === '') return;
    const parsed = JSONRPCMessageSchema.safeParse(JSON.parse(line));
    if (!parsed.success) throw new Error('it says what is no message of the protocol');
    this.onmessage?.(parsed.data);
  }

  #end(fault: Error): void {
    this.#fault ??= fault;
    this.onerror?.(fault);
    killGroup(this.#child?.pid, 'SIGKILL');
  }
}
