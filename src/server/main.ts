import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../contract/clock.js';
import { internal, StigmerError } from '../contract/errors.js';
import { packageVersion } from '../contract/version.js';
import { readServerConfig } from './env.js';
import { createLog } from './log.js';
import { startServer } from './server.js';

/** A stop that takes longer than this is cut short. */
const STOP_MS = 5_000;

/** The contract's files: beside the compiled program, or at the root of the sources. */
function protoDir(): string {
  const candidates = ['../proto', '../../proto'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw internal(`the .proto files are at none of ${candidates.join(', ')}: the installation is not complete`);
  return found;
}

async function main(): Promise<void> {
  const config = readServerConfig();
  const log = createLog(config.LOG_LEVEL);
  const version = packageVersion();
  const server = await startServer({ config, log, clock: systemClock, version, protoDir: protoDir() });
  process.stdout.write(`${JSON.stringify({ listening: { grpc: server.grpcPort, http: server.httpPort } })}\n`);
  log.info({ grpc: server.grpcPort, http: server.httpPort, version, temporal: config.TEMPORAL_SERVICE_ADDRESS }, 'the server is ready');

  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'the server is stopping');
    setTimeout(() => {
      log.warn('the server did not stop in time and is cut short');
      process.exit(1);
    }, STOP_MS).unref();
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the server did not stop properly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  if (config.STIGMER_EXIT_WITH_STDIN) {
    process.stdin.on('end', () => stop('standard input has ended'));
    process.stdin.on('error', () => stop('standard input is broken'));
    process.stdin.resume();
  }
  process.on('unhandledRejection', (reason) => log.error({ err: reason }, 'a promise was rejected and nobody saw it'));
}

main().catch((error: unknown) => {
  process.stderr.write(`stigmer-server cannot start: ${StigmerError.from(error).message}\n`);
  process.exit(1);
});
