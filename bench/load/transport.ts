import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { Connection, type Target } from './connection.js';

/** One side of a call that streams both ways, as a runner has it. */
export interface Duplex {
  send(message: Uint8Array): void;
  endSending(): void;
}

export interface Transport {
  open(path: string, onMessage: (message: Buffer) => void, onEnd: (status: number) => void): Duplex;
  /** Bytes on the socket so far; undefined where that cannot be told. */
  traffic(): Traffic | undefined;
  close(): void;
}

export interface Traffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** With a connection that costs next to nothing. */
export async function leanTransport(target: Target): Promise<Transport> {
  const connection = await Connection.open(target);
  return {
    open: (path, message, end) => connection.call(path, { message, end }),
    traffic: () => connection.traffic,
    close: () => connection.close(),
  };
}

/** With grpc-js, as runners are: the client is part of what is measured then. */
export async function grpcJsTransport({ port, token }: Target): Promise<Transport> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const raw = (bytes: Buffer): Buffer => bytes;
  return {
    open(path, onMessage, onEnd) {
      const metadata = new Metadata();
      if (token !== '') metadata.set('authorization', `Bearer ${token}`);
      const call = client.makeBidiStreamRequest<Buffer, Buffer>(path, raw, raw, metadata);
      call.on('data', onMessage);
      call.on('error', () => undefined);
      call.on('status', ({ code }) => onEnd(code));
      return { send: (message) => void call.write(Buffer.from(message.buffer, message.byteOffset, message.byteLength)), endSending: () => call.end() };
    },
    traffic: () => undefined,
    close: () => client.close(),
  };
}
