import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../supervision/ports.js';
import { temporalAnswers } from './ready.js';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const bytes = (value: Buffer): Buffer => value;

const definition: ServiceDefinition = {
  GetSystemInfo: {
    path: '/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};

async function frontend(implementation: UntypedServiceImplementation): Promise<string> {
  const server = new Server();
  server.addService(definition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  closers.push(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

const probe = (address: string): Promise<void> => temporalAnswers(address)(AbortSignal.timeout(20_000));

describe('temporalAnswers', () => {
  it('is content with an answer', async () => {
    const address = await frontend({ GetSystemInfo: (_call: unknown, answer: (error: null, value: Buffer) => void) => answer(null, Buffer.from([10, 0])) });
    await expect(probe(address)).resolves.toBeUndefined();
  });

  it('tells the status of a refusal', async () => {
    const address = await frontend({
      GetSystemInfo: (_call: unknown, answer: (error: object) => void) => answer({ code: status.UNAVAILABLE, details: 'Frontend is not healthy yet: 50 %' }),
    });
    await expect(probe(address)).rejects.toThrow(`${address}: /temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo answers with status 14 Frontend is not healthy yet: 50 %`);
  });

  it('tells the address where nobody listens', async () => {
    const address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    await expect(probe(address)).rejects.toThrow(`${address}: connect ECONNREFUSED`);
  });

  it('is not content with a web server', async () => {
    const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    closers.push(() => server.close());
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(probe(address)).rejects.toThrow(`${address}: `);
  });

  it('gives up a peer that says nothing when it is aborted', async () => {
    const server = createTcpServer(() => undefined).listen(0, '127.0.0.1');
    closers.push(() => server.close());
    await once(server, 'listening');
    const giveUp = new AbortController();
    server.once('connection', () => giveUp.abort());
    await expect(temporalAnswers(`127.0.0.1:${(server.address() as AddressInfo).port}`)(giveUp.signal)).rejects.toThrow('abort');
  });
});
