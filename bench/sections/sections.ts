import type { Section } from '../bench.js';
import { create } from './create.js';
import { frozen } from './frozen.js';
import { idle } from './idle.js';
import { longRun } from './long-run.js';
import { report } from './report.js';
import { start } from './start.js';
import { subscribe } from './subscribe.js';
import { unaryGet } from './unary-get.js';
import { updateStatus } from './update-status.js';
import { watch } from './watch.js';
import { whole } from './whole.js';

/** All sections, in the order of the table. */
export const sections: readonly Section[] = [unaryGet, updateStatus, create, report, watch, subscribe, longRun, frozen, idle, start, whole];
