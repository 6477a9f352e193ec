import type { StructuredToolInterface } from '@langchain/core/tools';
import type { RpcClient } from '../../client/rpc-client.js';
import type { Clock } from '../../contract/clock.js';
import { failedPrecondition } from '../../contract/errors.js';
import type { AgentSpec, SubAgent } from '../../contract/gen/ai/stigmer/agentic/agent/v1/spec_pb.js';
import { type McpDefinition, mcpDefinitions } from '../mcp/mcp-definition.js';
import { McpConnection, type McpLimits } from '../mcp/mcp-connection.js';
import { mcpTools } from '../mcp/mcp-tools.js';

export interface McpRequest {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly spec: AgentSpec | undefined;
  readonly variables: Readonly<Record<string, string>>;
  readonly org: string;
  readonly folder: string;
  readonly version: string;
  /** Programs may be run; undefined: they may not. */
  readonly hostTools: { readonly path: string } | undefined;
  readonly limits?: Partial<McpLimits>;
}

/** The MCP servers of a run, connected. */
export interface PreparedMcp {
  /** Tools of the agent itself. */
  readonly tools: readonly StructuredToolInterface[];
  readonly toolsOf: (subAgent: SubAgent) => StructuredToolInterface[];
  readonly close: () => Promise<void>;
}

/** Connects to the MCP servers of an agent, side by side. Throws StigmerError with a sentence about the first that cannot be used. */
export async function prepareMcp(request: McpRequest): Promise<PreparedMcp> {
  const { spec, signal, folder, version, hostTools, limits } = request;
  const definitions = await mcpDefinitions(spec?.mcpServers ?? [], request);
  if (hostTools === undefined) refusePrograms(definitions);
  const opened = await Promise.allSettled(
    definitions.map((definition) => McpConnection.open({ definition, signal, folder, path: hostTools?.path ?? '', version, ...(limits === undefined ? {} : { limits }) })),
  );
  const connections = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const close = async (): Promise<void> => {
    await Promise.allSettled(connections.map((connection) => connection.close()));
  };
  try {
    for (const one of opened) if (one.status === 'rejected') throw one.reason;
    const servers = definitions.map(({ enabledTools }, at) => ({ connection: connections[at] as McpConnection, enabledTools }));
    const tools = mcpTools(servers);
    return { close, tools: [...tools.values()].flat().map(({ tool }) => tool), toolsOf: (subAgent) => toolsOf(subAgent, tools) };
  } catch (error) {
    await close();
    throw error;
  }
}

function toolsOf({ name, mcpServers, mcpToolSelections }: SubAgent, tools: ReturnType<typeof mcpTools>): StructuredToolInterface[] {
  return mcpServers.flatMap((server) => {
    const all = tools.get(server);
    if (all === undefined) throw failedPrecondition(`The sub-agent ${name} wants the MCP server ${server}, which its agent does not have.`);
    const wanted = mcpToolSelections[server]?.enabledTools ?? [];
    return all.filter(({ original }) => wanted.length === 0 || wanted.includes(original)).map(({ tool }) => tool);
  });
}

function refusePrograms(definitions: readonly McpDefinition[]): void {
  for (const { name, reach } of definitions) {
    if (reach.type !== 'stdio') continue;
    throw failedPrecondition(
      `The MCP server ${name} is a program (${reach.command}), and this runner runs none with the rights of its host: start it in a container, or with --host-tools (STIGMER_HOST_TOOLS=1).`,
    );
  }
}
