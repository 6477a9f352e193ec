import type { Piece } from '../terminal/output.js';
import type { TranscriptEvent } from './events.js';
import type { Summary } from './summary.js';

/** One way to show a transcript. */
export interface TranscriptView {
  show(event: TranscriptEvent): void;
  /** The execution has ended, or is not followed any more. */
  finish(summary: Summary): void | Promise<void>;
  /** Something that is no part of the transcript, on standard error. */
  aside(...pieces: readonly Piece[]): void;
}
