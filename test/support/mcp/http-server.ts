import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
// @ts-expect-error plain JavaScript, which a child process runs as well
import { makeServer } from './tools.mjs';

export interface McpHttpServer {
  readonly url: string;
  /** Headers and queries of the requests so far. */
  readonly requests: { readonly authorization: string | undefined; readonly query: string }[];
  close(): Promise<void>;
}

/** An MCP server over HTTP, one session for each request. */
export async function startMcpHttpServer(): Promise<McpHttpServer> {
  const requests: McpHttpServer['requests'] = [];
  const server = createServer((request, response) => {
    requests.push({ authorization: request.headers.authorization, query: new URL(request.url ?? '/', 'http://x').search });
    void (async () => {
      const transport = new StreamableHTTPServerTransport({});
      await (makeServer() as McpServer).connect(transport);
      await transport.handleRequest(request, response);
    })();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
