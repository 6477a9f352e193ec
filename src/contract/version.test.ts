import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { packageVersion } from './version.js';

it('is the version of the package', () => {
  expect(packageVersion()).toBe(manifest.version);
});
