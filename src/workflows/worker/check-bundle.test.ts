import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkBundle } from './check-bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'stigmer-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

function bundle(code: string): string {
  const path = join(folder, 'workflow-bundle.js');
  writeFileSync(path, code);
  return path;
}

describe('the workflow bundle', () => {
  it('of this version is taken', async () => {
    await expect(checkBundle(bundle('/* stigmer 1.2.3 */ var x;'), '1.2.3')).resolves.toBeUndefined();
  });

  it('of another version is refused, naming both and the command', async () => {
    await expect(checkBundle(bundle('/* stigmer 1.2.2 */ var x;'), '1.2.3')).rejects.toThrow(/was built for version 1\.2\.2, and this worker is 1\.2\.3: run npm run build/);
  });

  it('without a stamp is refused', async () => {
    await expect(checkBundle(bundle(''), '1.2.3')).rejects.toThrow('carries no version');
  });

  it('that is missing is refused with its path', async () => {
    await expect(checkBundle(join(folder, 'none.js'), '1.2.3')).rejects.toThrow(join(folder, 'none.js'));
  });
});
