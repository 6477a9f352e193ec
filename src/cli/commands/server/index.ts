import type { CommandGroup } from '../../command.js';
import { logs } from './logs.js';
import { restart } from './restart.js';
import { start } from './start.js';
import { status } from './status.js';
import { stop } from './stop.js';

export const server: CommandGroup = {
  name: 'server',
  summary: 'start, stop and look at the server on this machine (`stigmer server` alone starts it)',
  default: 'start',
  commands: [start, stop, restart, status, logs],
};
