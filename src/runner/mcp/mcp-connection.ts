import { AsyncLocalStorage } from 'node:async_hooks';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolResultSchema, type CallToolResult, type Tool } from '@modelcontextprotocol/sdk/types.js';
import { failedPrecondition } from '../../contract/errors.js';
import { limitedFetch } from './limited-fetch.js';
import type { McpDefinition } from './mcp-definition.js';
import { StdioTransport } from './stdio-transport.js';

export interface McpConnectionOptions {
  readonly definition: McpDefinition;
  readonly signal: AbortSignal;
  /** Working folder of a program that names none. */
  readonly folder: string;
  /** Where programs are looked for. */
  readonly path: string;
  readonly version: string;
  readonly limits?: Partial<McpLimits>;
}

export interface McpLimits {
  /** Milliseconds to connect and to list tools. */
  readonly connectMs: number;
  /** Milliseconds of one call, unless the definition says otherwise. */
  readonly callMs: number;
  readonly messageBytes: number;
  readonly tools: number;
}

const defaultLimits: McpLimits = { connectMs: 30_000, callMs: 120_000, messageBytes: 8 * 1024 * 1024, tools: 256 };

interface Connected {
  readonly client: Client;
  readonly transport: Transport;
}

/** A connection to one MCP server, for the length of a run. What the server does wrong ends in an error of the call at hand. */
export class McpConnection {
  readonly name: string;
  readonly tools: readonly Tool[];
  readonly #options: McpConnectionOptions;
  readonly #limits: McpLimits;
  #client: Client;
  #transport: Transport;
  readonly #calls: AsyncLocalStorage<AbortController>;

  private constructor(options: McpConnectionOptions, limits: McpLimits, calls: AsyncLocalStorage<AbortController>, connected: Connected, tools: readonly Tool[]) {
    this.#calls = calls;
    this.name = options.definition.name;
    this.#options = options;
    this.#limits = limits;
    this.#client = connected.client;
    this.#transport = connected.transport;
    this.tools = tools;
  }

  /** Connects and asks for the tools. Throws StigmerError FAILED_PRECONDITION when that cannot be done, or takes too long. */
  static async open(options: McpConnectionOptions): Promise<McpConnection> {
    const limits = { ...defaultLimits, ...options.limits };
    const { name, reach } = options.definition;
    const calls = new AsyncLocalStorage<AbortController>();
    let transport: Transport | undefined;
    try {
      const connected = await connect(options, limits, calls, (made) => (transport = made));
      const tools = await listTools(connected.client, options.signal, limits);
      return new McpConnection(options, limits, calls, connected, tools);
    } catch (error) {
      await transport?.close();
      options.signal.throwIfAborted();
      const what = reach.type === 'stdio' ? `the program ${reach.command}` : new URL(reach.url).origin;
      throw failedPrecondition(`The MCP server ${name} (${what}) cannot be used: ${faultOf(transport) ?? (error as Error).message}`, { cause: error });
    }
  }

  /** Calls a tool. A server that has ended since the last call is started anew. Rejects with an Error for the model. */
  async call(tool: string, args: Record<string, unknown>): Promise<CallToolResult> {
    const { signal, definition } = this.#options;
    if (faultOf(this.#transport) !== undefined) await this.#reconnect();
    const { reach } = definition;
    const timeout = (reach.type === 'http' ? reach.timeoutMs : undefined) ?? this.#limits.callMs;
    const failed = new AbortController();
    const options = { signal: AbortSignal.any([signal, failed.signal]), timeout, maxTotalTimeout: timeout };
    try {
      const answer = await this.#calls.run(failed, () => this.#client.callTool({ name: tool, arguments: args }, CallToolResultSchema, options));
      return answer as CallToolResult;
    } catch (error) {
      signal.throwIfAborted();
      const reason = failed.signal.aborted ? (failed.signal.reason as Error).message : (faultOf(this.#transport) ?? (error as Error).message);
      throw new Error(`The MCP server ${this.name} has not answered ${tool}: ${reason}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#transport.close();
  }

  async #reconnect(): Promise<void> {
    await this.#transport.close();
    const connected = await connect(this.#options, this.#limits, this.#calls, () => undefined);
    this.#client = connected.client;
    this.#transport = connected.transport;
  }
}

async function connect(
  options: McpConnectionOptions,
  limits: McpLimits,
  calls: AsyncLocalStorage<AbortController>,
  onTransport: (transport: Transport) => void,
): Promise<Connected> {
  const transport = makeTransport(options, limits, calls);
  onTransport(transport);
  const client = new Client(
    { name: 'stigmer-agent-runner', version: options.version },
    // What a tool gives is for the model; whether it fits the server's own schema is not for us to say.
    { jsonSchemaValidator: { getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }) } },
  );
  await client.connect(transport, { signal: options.signal, timeout: limits.connectMs, maxTotalTimeout: limits.connectMs });
  return { client, transport };
}

function makeTransport({ definition: { reach }, signal, folder, path }: McpConnectionOptions, { messageBytes }: McpLimits, calls: AsyncLocalStorage<AbortController>): Transport {
  if (reach.type === 'http') {
    const fetch = limitedFetch(messageBytes, signal, () => {
      const call = calls.getStore();
      return (error) => call?.abort(error);
    });
    return new StreamableHTTPClientTransport(new URL(reach.url), { requestInit: { headers: { ...reach.headers } }, fetch });
  }
  const { command, args, env, workingDir } = reach;
  return new StdioTransport({ command, args, env: { PATH: path, HOME: folder, LANG: 'C.UTF-8', ...env }, cwd: workingDir === '' ? folder : workingDir, messageBytes });
}

async function listTools(client: Client, signal: AbortSignal, { connectMs, tools: most }: McpLimits): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor }, { signal, timeout: connectMs, maxTotalTimeout: connectMs });
    tools.push(...page.tools);
    if (tools.length > most) throw new Error(`it has more than ${most} tools`);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tools;
}

function faultOf(transport: Transport | undefined): string | undefined {
  return transport instanceof StdioTransport ? transport.fault?.message : undefined;
}
