// An MCP server over standard input and output. `mute`: says nothing at all.
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { makeServer } from './tools.mjs';

if (process.argv[2] === 'mute') setInterval(() => undefined, 60_000);
else await makeServer().connect(new StdioServerTransport());
