// Builds dist/: generated messages, compiled programs, the workflow bundle and the bundled programs.
import { rmSync, cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './prepare.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

rmSync(join(root, 'dist'), { recursive: true, force: true });
run(bin('buf'), ['generate']);
run(bin('tsc'), ['-p', 'tsconfig.build.json']);
cpSync(join(root, 'proto'), join(root, 'dist', 'proto'), { recursive: true });
// The contract's files import protovalidate's; the server loads both.
cpSync(join(root, 'third_party'), join(root, 'dist', 'third_party'), { recursive: true });
const scripts = join(root, 'src', 'demo-model', 'scripts');
if (existsSync(scripts)) cpSync(scripts, join(root, 'dist', 'demo-model', 'scripts'), { recursive: true });
run('node', ['scripts/bundle-workflows.mjs']);
run('node', ['scripts/bundle-programs.mjs']);
