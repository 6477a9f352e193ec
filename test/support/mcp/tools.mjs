// Tools of the MCP servers that tests use, on the official SDK.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

export function makeServer() {
  const server = new McpServer({ name: 'test', version: '1.0.0' });
  const text = (value) => ({ content: [{ type: 'text', text: value }] });
  server.registerTool('git_log', { description: 'Shows the log.', inputSchema: { since: z.string() } }, ({ since }) => text(`commits since ${since}`));
  server.registerTool('show_env', { description: 'Shows its environment.', inputSchema: {} }, () => text(JSON.stringify(process.env)));
  server.registerTool('fail', { description: 'Fails.', inputSchema: {} }, () => ({ ...text('it is broken'), isError: true }));
  server.registerTool('hang', { description: 'Never answers.', inputSchema: {} }, () => new Promise(() => undefined));
  server.registerTool('flood', { description: 'Answers with 100 MB.', inputSchema: {} }, () => text('x'.repeat(100 * 1024 * 1024)));
  server.registerTool('read_file', { description: 'Has the name of a tool that every agent has.', inputSchema: {} }, () => text('of the server'));
  server.registerTool('dotted.name', { description: 'Has a name that no provider takes.', inputSchema: {} }, () => text('dotted'));
  server.registerTool('picture', { description: 'Gives a picture.', inputSchema: {} }, () => ({ content: [{ type: 'image', data: 'AAAA', mimeType: 'image/png' }] }));
  server.registerTool('garbage', { description: 'Says what is no JSON.', inputSchema: {} }, () => {
    process.stdout.write('this is not JSON\n');
    return new Promise(() => undefined);
  });
  server.registerTool('die', { description: 'Ends.', inputSchema: {} }, () => process.exit(7));
  return server;
}
