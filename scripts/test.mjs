// `npm test`: installs what is missing, builds, and runs every test. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, install, requireNode, root } from './prepare.mjs';

requireNode();
install();
build();

const report = join(mkdtempSync(join(tmpdir(), 'stigmer-test-')), 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const vitest = join(root, 'node_modules', '.bin', 'vitest');
const result = spawnSync(vitest, ['run', ...reporters, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
const counts = JSON.parse(readFileSync(report, 'utf8'));
console.log(`${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${counts.numPendingTests} skipped`);
process.exit(result.status ?? 1);
