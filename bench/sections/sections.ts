import type { Section } from '../bench.js';
import { report } from './report.js';
import { unaryGet } from './unary-get.js';
import { updateStatus } from './update-status.js';
import { watch } from './watch.js';

/** All sections, in the order of the table. */
export const sections: readonly Section[] = [unaryGet, updateStatus, report, watch];
