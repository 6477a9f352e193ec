import { packageVersion } from '../../contract/version.js';
import { defineCommand } from '../command.js';

/** The command line does not wait long for a server that may not be there. */
const TIMEOUT_MS = 1_500;

export const version = defineCommand({
  name: 'version',
  summary: 'show the version of this program, and of the server if it answers',
  args: {},
  options: {},
  examples: [{ command: 'stigmer version -o json', meaning: 'the same for a program' }],
  async run(ctx) {
    const own = packageVersion();
    const [{ SystemService }, { StigmerError }, { writeValue }, client] = await Promise.all([
      import('../../contract/gen/stigmer/system/v1/system_pb.js'),
      import('../../contract/errors.js'),
      import('../terminal/write-value.js'),
      ctx.client(),
    ]);
    const server = await client
      .unary(SystemService.method.getStatus, {}, { timeoutMs: TIMEOUT_MS, signal: ctx.signal })
      .then(({ version: text }) => ({ endpoint: client.endpoint, version: text }))
      .catch((error: unknown) => ({ endpoint: client.endpoint, error: StigmerError.from(error).codeName }));
    if (ctx.format !== 'text') return writeValue(ctx.out, ctx.format, { version: own, node: process.version, server });
    ctx.out.line(`stigmer ${own} (Node.js ${process.version.slice(1)})`);
    if ('version' in server) ctx.out.line(`server  ${server.version} at ${server.endpoint}`);
    else ctx.out.line(`server  no answer at ${server.endpoint} (${server.error})`);
  },
});
