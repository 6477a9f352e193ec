import { resolve } from 'node:path';
import { Code, StigmerError } from '../../contract/errors.js';
import { binaryVersion } from './binary-version.js';
import type { Way } from './way.js';

/** The binary that the user named, by STIGMER_TEMPORAL_BIN. When it is set, nothing else will do. */
export function configuredBinary(path: string | undefined): Way {
  return {
    name: 'STIGMER_TEMPORAL_BIN',
    async find({ env }) {
      if (path === undefined || path === '') return { skipped: 'not set' };
      const absolute = resolve(path);
      try {
        return { path: absolute, version: await binaryVersion(absolute, env) };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new StigmerError(Code.INVALID_ARGUMENT, `STIGMER_TEMPORAL_BIN names ${absolute}, which cannot be run as the Temporal CLI: ${why}`);
      }
    },
  };
}
