// `npm start`: from a fresh clone to an agent's streamed answer. Each step is a command that can be typed by hand, and is shown.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, install, requireNode, root } from './prepare.mjs';

requireNode();
install();
build();

const stigmer = join(root, 'bin', 'stigmer');
const message = 'Review this: if (a = 1) {}';

step(['server', 'start', '--demo-model']);
step(['apply', '-f', 'examples/']);
step(['run', 'code-reviewer', '--message', message]);
console.log(`
The server goes on. Next:
  bin/stigmer run code-reviewer --message "…"     ask the agent something else
  bin/stigmer server status                       what runs, where, since when
  bin/stigmer server logs -f                      what it says
  bin/stigmer server stop                         stop all of it`);

function step(args) {
  console.log(`\n$ bin/stigmer ${args.map((arg) => (/^[\w./-]+$/.test(arg) ? arg : JSON.stringify(arg))).join(' ')}`);
  const result = spawnSync(process.execPath, [stigmer, ...args], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}
