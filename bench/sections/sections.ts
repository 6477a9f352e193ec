import type { Section } from '../bench.js';
import { unaryGet } from './unary-get.js';
import { updateStatus } from './update-status.js';

/** All sections, in the order of the table. */
export const sections: readonly Section[] = [unaryGet, updateStatus];
