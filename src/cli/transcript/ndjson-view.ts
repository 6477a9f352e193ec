import { jsonText } from '../terminal/json.js';
import type { Output } from '../terminal/output.js';
import type { TranscriptEvent } from './events.js';
import { eventValue, summaryValue } from './json-values.js';
import type { Summary } from './summary.js';
import type { TranscriptView } from './view.js';

/** Shows a transcript to a program, as it happens: one JSON object a line, each with a `type`; the last one is the `end`. */
export class NdjsonView implements TranscriptView {
  readonly #out: Output;

  constructor(out: Output) {
    this.#out = out;
  }

  show(event: TranscriptEvent): void {
    this.#out.line(jsonText(eventValue(event)));
  }

  finish(summary: Summary): void {
    this.#out.line(jsonText({ type: 'end', ...summaryValue(summary) }));
  }

  aside(): void {
    // Events say the same.
  }
}
