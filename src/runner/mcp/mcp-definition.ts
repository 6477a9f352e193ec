import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { Code, failedPrecondition, StigmerError } from '../../contract/errors.js';
import type { McpServerDefinition } from '../../contract/gen/ai/stigmer/agentic/agent/v1/spec_pb.js';
import { McpServerQueryController } from '../../contract/gen/ai/stigmer/agentic/mcpserver/v1/query_pb.js';
import type { McpServerSpec } from '../../contract/gen/ai/stigmer/agentic/mcpserver/v1/spec_pb.js';
import { ApiResourceKind } from '../../contract/kinds.js';
import { patiently } from '../run/patiently.js';
import { resolvePlaceholders } from './placeholders.js';

/** An MCP server, with every placeholder filled. */
export interface McpDefinition {
  /** Known by this name within the agent. */
  readonly name: string;
  readonly reach: StdioReach | HttpReach;
  /** Tools that the agent sees; empty: all. */
  readonly enabledTools: readonly string[];
}

/** A program on this machine. */
export interface StdioReach {
  readonly type: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Empty: the folder of the session. */
  readonly workingDir: string;
}

export interface HttpReach {
  readonly type: 'http';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Limit of one request; undefined leaves it to the runner. */
  readonly timeoutMs: number | undefined;
}

export interface McpDefinitionsRequest {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly variables: Readonly<Record<string, string>>;
  /** Of the run, to look up servers by name. */
  readonly org: string;
}

/**
 * The MCP servers of an agent as they are to be reached. One that says nothing but its name is a McpServer of that slug. Throws
 * StigmerError FAILED_PRECONDITION for one that does not exist, wants a variable that is not there, or runs in a container.
 */
export function mcpDefinitions(definitions: readonly McpServerDefinition[], request: McpDefinitionsRequest): Promise<McpDefinition[]> {
  return Promise.all(definitions.map((definition) => mcpDefinition(definition, request)));
}

async function mcpDefinition(definition: McpServerDefinition, request: McpDefinitionsRequest): Promise<McpDefinition> {
  const { name, serverType, enabledTools } = definition;
  const where = `The MCP server ${name}`;
  const fill = (texts: Readonly<Record<string, string>>): Record<string, string> => resolvePlaceholders(where, texts, request.variables);
  switch (serverType.case) {
    case 'stdio': {
      const { command, args, envPlaceholders, workingDir } = serverType.value;
      return { name, enabledTools, reach: { type: 'stdio', command, args, env: fill(envPlaceholders), workingDir } };
    }
    case 'http':
      return { name, enabledTools, reach: httpReach(where, serverType.value, fill) };
    case 'docker':
      throw inContainer(where);
    case undefined: {
      const spec = await storedServer(name, request);
      return { name, enabledTools: enabledTools.length > 0 ? enabledTools : spec.defaultEnabledTools, reach: storedReach(where, spec, fill, request.variables) };
    }
  }
}

async function storedServer(name: string, { client, clock, signal, org }: McpDefinitionsRequest): Promise<McpServerSpec> {
  try {
    const reference = { slug: name, org, kind: ApiResourceKind.mcp_server };
    const found = await patiently(clock, signal, () => client.unary(McpServerQueryController.method.getByReference, reference, { signal }));
    if (found.spec !== undefined) return found.spec;
    throw failedPrecondition(`The MCP server ${name} does not say how it is reached.`);
  } catch (error) {
    if (StigmerError.from(error).code !== Code.NOT_FOUND) throw error;
    throw failedPrecondition(`The MCP server ${name} does not say how it is reached, and there is no McpServer of that name.`, { cause: error });
  }
}

function storedReach(where: string, { serverType, envSpec }: McpServerSpec, fill: (texts: Readonly<Record<string, string>>) => Record<string, string>, variables: Readonly<Record<string, string>>): StdioReach | HttpReach {
  switch (serverType.case) {
    case 'stdio': {
      const { command, args, workingDir } = serverType.value;
      const wanted = Object.entries(envSpec?.data ?? {}).map(([name, { value }]) => [name, variables[name] ?? value] as const);
      const env = Object.fromEntries(wanted.filter(([, value]) => value !== ''));
      return { type: 'stdio', command, args, env, workingDir };
    }
    case 'http':
      return httpReach(where, serverType.value, fill);
    default:
      throw inContainer(where);
  }
}

function httpReach(
  where: string,
  server: { url: string; headers: Record<string, string>; queryParams: Record<string, string>; timeoutSeconds: number },
  fill: (texts: Readonly<Record<string, string>>) => Record<string, string>,
): HttpReach {
  if (!URL.canParse(server.url)) throw failedPrecondition(`${where} has the address ${JSON.stringify(server.url)}, which is no URL.`);
  const url = new URL(server.url);
  for (const [name, value] of Object.entries(fill(server.queryParams))) url.searchParams.set(name, value);
  return { type: 'http', url: url.href, headers: fill(server.headers), timeoutMs: server.timeoutSeconds > 0 ? server.timeoutSeconds * 1000 : undefined };
}

function inContainer(where: string): StigmerError {
  return failedPrecondition(`${where} runs in a container, which this runner cannot start. Give it a stdio command or an http address.`);
}
