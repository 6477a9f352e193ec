import type { ErrorText } from './control-protocol.js';

/** The file descriptor on which a detached supervisor reports to whoever started it. */
export const START_REPORT_FD = 3;

/** Its one line: it can be asked now, or it could not begin. */
export type StartReport = { readonly listening: true } | { readonly error: ErrorText };
