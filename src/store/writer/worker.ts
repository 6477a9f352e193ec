import { deserialize } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting } from '../sqlite/database.js';
import { Committer } from './committer.js';
import type { Batch, FromWriter, ToWriter, WriterData } from './protocol.js';

/** Entry of the writer thread. It holds the only connection of this process that changes data after the start. */
function serve(port: NonNullable<typeof parentPort>, data: WriterData): void {
  const db = openForWriting(data.connection);
  const committer = new Committer(db, data.busyRetries);
  const answer = (message: FromWriter): void => port.postMessage(message);
  port.on('message', (message: ToWriter) => {
    if (message === 'close') {
      db.close();
      port.close();
    } else {
      answer(committer.commit(deserialize(message) as Batch));
    }
  });
  answer('ready');
}

if (!parentPort) throw new Error('worker.ts runs in a worker thread only');
serve(parentPort, workerData as WriterData);
