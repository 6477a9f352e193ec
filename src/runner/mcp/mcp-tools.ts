import { DynamicStructuredTool, type StructuredToolInterface } from '@langchain/core/tools';
import type { CallToolResult, Tool } from '@modelcontextprotocol/sdk/types.js';
import { failedPrecondition } from '../../contract/errors.js';
import type { McpConnection } from './mcp-connection.js';

/** Tools that every agent has, whose names an MCP server cannot take. */
const taken = ['ls', 'read_file', 'write_file', 'edit_file', 'delete', 'glob', 'grep', 'execute', 'task', 'write_todos'];

/** A tool of an MCP server, and the name that the server has for it. */
export interface McpTool {
  readonly original: string;
  readonly tool: StructuredToolInterface;
}

/** Tools by the name of their server. */
export type McpTools = ReadonlyMap<string, readonly McpTool[]>;

export interface SelectedServer {
  readonly connection: McpConnection;
  /** Names of the tools; empty: all. */
  readonly enabledTools: readonly string[];
}

/**
 * The tools of MCP servers as tools of an agent, under names that are theirs alone. Throws StigmerError FAILED_PRECONDITION when a tool
 * that is wanted is not there.
 */
export function mcpTools(servers: readonly SelectedServer[]): McpTools {
  const selected = servers.map(({ connection, enabledTools }) => ({ connection, tools: selectTools(connection, enabledTools) }));
  const counts = new Map<string, number>();
  for (const { tools } of selected) for (const { name } of tools) counts.set(plainName(name), (counts.get(plainName(name)) ?? 0) + 1);
  const used = new Set(taken);
  return new Map(
    selected.map(({ connection, tools }) => [
      connection.name,
      tools.map((tool) => {
        const clear = counts.get(plainName(tool.name)) === 1 && !used.has(plainName(tool.name));
        const name = unused(clear ? plainName(tool.name) : plainName(`${connection.name}_${tool.name}`), used);
        used.add(name);
        return { original: tool.name, tool: agentTool(connection, tool, name) };
      }),
    ]),
  );
}

function selectTools({ name: server, tools }: McpConnection, enabled: readonly string[]): readonly Tool[] {
  if (enabled.length === 0) return tools;
  const missing = enabled.filter((name) => !tools.some((tool) => tool.name === name));
  if (missing.length > 0) {
    throw failedPrecondition(`The MCP server ${server} has no tool ${missing.join(', ')}; it has ${tools.map(({ name }) => name).join(', ') || 'none'}.`);
  }
  return tools.filter(({ name }) => enabled.includes(name));
}

/** As every provider takes it. */
function plainName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 60);
}

function unused(name: string, used: ReadonlySet<string>): string {
  let free = name;
  for (let n = 2; used.has(free); n++) free = `${name}_${n}`;
  return free;
}

function agentTool(connection: McpConnection, { name: original, description, inputSchema }: Tool, name: string): StructuredToolInterface {
  return new DynamicStructuredTool({
    name,
    description: description ?? '',
    schema: { ...inputSchema, type: 'object', properties: inputSchema.properties ?? {} } as never,
    func: async (args: Record<string, unknown>) => {
      const result = await connection.call(original, args);
      const text = textOf(result);
      if (result.isError === true) throw new Error(text || 'the tool failed and gave no reason');
      return text;
    },
  });
}

/** What a tool gave, as text; pictures and the like are named. */
function textOf({ content, structuredContent }: CallToolResult): string {
  const parts = content.map((part) => {
    if (part.type === 'text') return part.text;
    if (part.type === 'resource') return 'text' in part.resource ? part.resource.text : `[resource ${part.resource.uri}]`;
    if (part.type === 'resource_link') return `[resource ${part.uri}]`;
    return `[${part.type} ${part.mimeType}]`;
  });
  if (parts.length === 0 && structuredContent !== undefined) return JSON.stringify(structuredContent);
  return parts.join('\n');
}
