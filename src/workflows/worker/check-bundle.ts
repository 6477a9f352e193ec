import { open } from 'node:fs/promises';
import { failedPrecondition, StigmerError } from '../../contract/errors.js';

/** How a bundle begins, by the build. */
const STAMP = /^\/\* stigmer (\S+) \*\//;

/** Refuses a bundle of workflow definitions that is missing or was built for another version: runs would replay on code that they were not begun with. */
export async function checkBundle(path: string, version: string): Promise<void> {
  const built = STAMP.exec(await beginning(path))?.[1];
  if (built === version) return;
  const found = built === undefined ? 'carries no version' : `was built for version ${built}`;
  throw failedPrecondition(`the workflow bundle ${path} ${found}, and this worker is ${version}: run npm run build`);
}

async function beginning(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw failedPrecondition(`the workflow bundle cannot be read: ${StigmerError.from(error).message}; run npm run build`, { cause: error });
  }
}
