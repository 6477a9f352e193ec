import { Server, ServerCredentials } from '@grpc/grpc-js';

/** Answers of a Temporal that takes every workflow and whose workflows run for ever: encoded responses by method. */
const ANSWERS: Readonly<Record<string, Buffer>> = {
  GetSystemInfo: Buffer.alloc(0),
  DescribeNamespace: Buffer.alloc(0),
  // run_id = "1"
  StartWorkflowExecution: Buffer.from([0x0a, 1, 0x31]),
  // workflow_execution_info { status: RUNNING }
  DescribeWorkflowExecution: Buffer.from([0x12, 2, 0x28, 1]),
  DescribeTaskQueue: Buffer.alloc(0),
};

export interface TemporalPeer {
  /** `127.0.0.1:port` */
  readonly address: string;
  stop(): void;
}

/** A peer that speaks enough of Temporal's protocol for the server to create executions, and leaves the machine to what is measured. */
export async function startTemporalPeer(): Promise<TemporalPeer> {
  const server = new Server();
  const raw = (bytes: Buffer): Buffer => bytes;
  const methods = Object.entries(ANSWERS).map(([name, answer]) => ({
    name,
    definition: {
      path: `/temporal.api.workflowservice.v1.WorkflowService/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    },
    handle: (_call: unknown, respond: (error: null, answer: Buffer) => void) => respond(null, answer),
  }));
  server.addService(
    Object.fromEntries(methods.map(({ name, definition }) => [name, definition])),
    Object.fromEntries(methods.map(({ name, handle }) => [name, handle])),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}
