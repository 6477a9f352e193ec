import { credentials, makeClientConstructor, Metadata, type Client, type ClientOptions } from '@grpc/grpc-js';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { DescService } from '@bufbuild/protobuf';
import { unavailable } from '../../src/contract/errors.js';
import { grpcServiceDefinition } from '../../src/contract/services.js';
import { authenticator } from '../../src/server/edge/authenticate.js';
import { Connections } from '../../src/server/edge/connections.js';
import { createGrpcServer, DEFAULT_TRANSPORT, type TransportOptions } from '../../src/server/edge/grpc-server.js';
import { GrpcListener } from '../../src/server/edge/listener.js';
import { OpenCalls } from '../../src/server/edge/open-calls.js';
import { kernelPeerOwner, type PeerOwner } from '../../src/server/edge/peer-owner.js';
import { createToken, openTokenBook } from '../../src/server/edge/token-book.js';
import type { ServiceBinding } from '../../src/server/rpc.js';

export interface EdgeFixture {
  readonly port: number;
  readonly openCalls: OpenCalls;
  readonly connections: Connections;
  readonly logLines: string[];
  readonly finished: { method: string; code: number }[];
  token(name: string): string;
  client(service: DescService, options?: ClientOptions): Client;
  /** Metadata with the token of that name. */
  as(name: string): Metadata;
  stop(): void;
  close(): Promise<void>;
}

export interface EdgeFixtureOptions {
  readonly transport?: Partial<TransportOptions>;
  readonly peerOwner?: PeerOwner;
  readonly ownersKnown?: boolean;
  readonly runnersOnly?: boolean;
}

/** The server's edge alone, with handlers of the test's own, on a free port. */
export async function startEdge(bindings: readonly ServiceBinding[], options: EdgeFixtureOptions = {}): Promise<EdgeFixture> {
  const directory = mkdtempSync(join(tmpdir(), 'stigmer-edge-'));
  for (const name of ['user', 'worker', 'agent-runner-1']) createToken(join(directory, name));
  const logLines: string[] = [];
  const finished: { method: string; code: number }[] = [];
  const log = pino({}, { write: (line: string) => logLines.push(line) });
  const connections = new Connections(options.peerOwner ?? kernelPeerOwner(process.platform));
  const openCalls = new OpenCalls();
  const userName = userInfo().username;
  const server = createGrpcServer(
    bindings,
    (name) => {
      const binding = bindings.find(({ service }) => service.typeName === name);
      if (binding === undefined) throw new Error(name);
      return grpcServiceDefinition(binding.service);
    },
    {
      authenticate: authenticator({
        tokens: openTokenBook({ directory, userName, onUnsafeFile: () => undefined }),
        ownUid: process.getuid?.(),
        userName,
        ownersKnown: options.ownersKnown ?? process.platform === 'linux',
      }),
      connections,
      openCalls,
      observer: { started: () => undefined, finished: (method, code) => finished.push({ method, code }) },
      log,
    },
    { ...DEFAULT_TRANSPORT, ...options.transport },
  );
  const listener = new GrpcListener(server, connections);
  const port = await listener.listen([{ host: '127.0.0.1', runnersOnly: options.runnersOnly ?? false }], 0);
  const clients: Client[] = [];
  const token = (name: string) => readFileSync(join(directory, name), 'utf8').trim();
  return {
    port,
    openCalls,
    connections,
    logLines,
    finished,
    token,
    client(service, clientOptions) {
      const Constructor = makeClientConstructor(grpcServiceDefinition(service), service.typeName);
      const client = new Constructor(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, ...clientOptions });
      clients.push(client);
      return client;
    },
    as(name) {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${token(name)}`);
      return metadata;
    },
    stop: () => openCalls.stop(unavailable('the server is stopping')),
    async close() {
      for (const client of clients) client.close();
      await listener.close(200);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
