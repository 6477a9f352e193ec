import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program, Programs } from '../../src/daemon/program-files.js';

/** Ends with its stdin and on SIGTERM, as our programs do. */
const ENDING = `
  process.stdin.on('end', () => process.exit(0)).resume();
  process.on('SIGTERM', () => process.exit(0));
`;

/** Gives a lease to whoever connects to its gRPC port and says who it is, for as long as the connection lives; tells so over HTTP. */
const SERVER = `
  import { createServer } from 'node:net';
  import { createServer as createHttp } from 'node:http';
  import { readFileSync } from 'node:fs';
  ${ENDING}
  const leases = new Map();
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      const holder = JSON.parse(String(data));
      leases.set(holder.name, holder);
      socket.on('close', () => leases.get(holder.name) === holder && leases.delete(holder.name));
    });
  }).listen(Number(process.env.GRPC_PORT), process.env.STIGMER_LISTEN);
  const token = readFileSync(process.env.STIGMER_STATE_DIR + '/tokens/user', 'utf8').trim();
  createHttp((request, response) => {
    if (request.url === '/healthz') return response.end('{"status":"ok"}');
    if (request.headers.authorization !== 'Bearer ' + token) return response.writeHead(401).end();
    const own = ['server', 'store', 'temporal'].map((name) => ({ name, state: 'ready', detail: '', version: '1.0.0' }));
    const held = [...leases.values()].map(({ name, pid }) => ({ name, pid, state: 'ready', detail: '', version: '1.0.0' }));
    response.end(JSON.stringify({ ready: true, missing: [], components: [...own, ...held] }));
  }).listen(Number(process.env.HTTP_PORT), '127.0.0.1');
`;

/** Holds a lease of the server at STIGMER_BACKEND_ENDPOINT; does not start without that variable. */
const CALLER = `
  import { connect } from 'node:net';
  import { readFileSync } from 'node:fs';
  ${ENDING}
  const endpoint = process.env.STIGMER_BACKEND_ENDPOINT;
  if (!endpoint) {
    console.error('STIGMER_BACKEND_ENDPOINT is not set');
    process.exit(2);
  }
  readFileSync(process.env.STIGMER_TOKEN_FILE);
  const [host, port] = endpoint.split(':');
  const name = process.env.STIGMER_RUNNER_NAME ?? process.env.STIGMER_WORKER_NAME;
  const call = () => {
    const socket = connect(Number(port), host, () => socket.write(JSON.stringify({ name, pid: process.pid })));
    socket.on('error', () => undefined);
    socket.on('close', () => setTimeout(call, 50));
  };
  call();
`;

const DEMO_MODEL = `
  import { createServer } from 'node:http';
  ${ENDING}
  createServer((_request, response) => response.end('{}')).listen(Number(process.env.DEMO_MODEL_PORT), '127.0.0.1');
`;

/** Small programs in place of ours, which behave as the supervisor knows ours to, and start in a moment. Written to `folder`. */
export async function standIns(folder: string): Promise<Programs> {
  const program = async (name: string, source: string): Promise<Program> => {
    const file = join(folder, `${name}.mjs`);
    await writeFile(file, source);
    return { file: process.execPath, args: [file] };
  };
  const caller = await program('caller', CALLER);
  return { server: await program('server', SERVER), worker: caller, agentRunner: caller, demoModel: await program('demo-model', DEMO_MODEL) };
}
