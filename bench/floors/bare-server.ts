import { Server, ServerCredentials, type handleBidiStreamingCall, type handleServerStreamingCall, type handleUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { SEQUENCE_AT } from '../load/report-messages.js';
import { PADDED_VARINT } from '../load/wire.js';
import { serve } from '../system/remote.js';
import { BarePath } from './bare-paths.js';

/**
 * grpc-js with nothing behind it: no validation, no store, no protobuf. What it does is what any server on grpc-js has to do, so it is
 * the floor under the figures of ours.
 */
const raw = (bytes: Buffer): Buffer => bytes;
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
});

const watchers = new Set<ServerWritableStream<Buffer, Buffer>>();

const echo: handleUnaryCall<Buffer, Buffer> = (call, answer) => answer(null, call.request);

/** Answers with as many bytes as the request's first four say. */
const blob: handleUnaryCall<Buffer, Buffer> = (call, answer) => answer(null, Buffer.alloc(call.request.readUInt32BE(0), 120));

/** Acknowledges each message of a report: it answers `ready` to the first, and sends back the sequence number of any other. */
const acknowledge: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
  call.on('data', (message: Buffer) => call.write(message[0] === OPEN ? READY : acknowledgement(message)));
  call.on('end', () => call.end());
};

const OPEN = 0x0a;
/** ReportResponse { ready { window: 16384 } } */
const READY = Buffer.from([0x0a, 4, 0x20, 0x80, 0x80, 1]);
/** ReportResponse { ack { sequence, window: 16384 } }, with room for the sequence number. */
const ACK = Buffer.from([0x12, 10, 0x08, 0, 0, 0, 0, 0, 0x10, 0x80, 0x80, 1]);

function acknowledgement(message: Buffer): Buffer {
  const answer = Buffer.from(ACK);
  message.copy(answer, 3, SEQUENCE_AT, SEQUENCE_AT + PADDED_VARINT);
  return answer;
}

const watch: handleServerStreamingCall<Buffer, Buffer> = (call) => {
  watchers.add(call);
  call.on('cancelled', () => watchers.delete(call));
  call.on('close', () => watchers.delete(call));
  call.write(call.request);
};

/** Writes each message to all who watch: one shared buffer. */
const publish: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
  call.on('data', (message: Buffer) => {
    for (const watcher of watchers) watcher.write(message);
  });
  call.on('end', () => call.end());
};

async function start(): Promise<number> {
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc-node.flow_control_window': 1024 * 1024 });
  server.addService(
    {
      echo: method(BarePath.ECHO, false, false),
      blob: method(BarePath.BLOB, false, false),
      acknowledge: method(BarePath.ACKNOWLEDGE, true, true),
      watch: method(BarePath.WATCH, false, true),
      publish: method(BarePath.PUBLISH, true, true),
    },
    { echo, blob, acknowledge, watch, publish },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}

const functions = { start };
export type BareServer = typeof functions;
serve(functions);
