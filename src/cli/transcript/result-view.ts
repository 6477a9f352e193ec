import { type Notice, NoticeSchema } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { toProtoJson } from '../../contract/proto-json.js';
import type { Format } from '../command.js';
import { jsonText } from '../terminal/json.js';
import { type Output, type Piece, plain } from '../terminal/output.js';
import { writeValue } from '../terminal/write-value.js';
import type { TranscriptEvent } from './events.js';
import { eventValue, summaryValue } from './json-values.js';
import type { Summary } from './summary.js';
import type { TranscriptView } from './view.js';

/** Shows only what came of it, as one value. */
export class ResultView implements TranscriptView {
  readonly #out: Output;
  readonly #err: Output;
  readonly #format: Exclude<Format, 'text'>;
  readonly #notices = new Map<string, Notice>();

  constructor(out: Output, err: Output, format: Exclude<Format, 'text'>) {
    this.#out = out;
    this.#err = err;
    this.#format = format;
  }

  show(event: TranscriptEvent): void {
    if (event.type === 'notice') this.#notices.set(event.notice.code, event.notice);
    if (event.type === 'notice-over') this.#notices.delete(event.notice.code);
    // Whoever waits for the one value wants to know why it does not come.
    if (event.type === 'notice') this.#err.line(jsonText(eventValue(event)));
  }

  async finish(summary: Summary): Promise<void> {
    const notices = [...this.#notices.values()].map((notice) => toProtoJson(NoticeSchema, notice));
    await writeValue(this.#out, this.#format, { ...summaryValue(summary), ...(notices.length === 0 ? {} : { notices }) });
  }

  aside(...pieces: readonly Piece[]): void {
    this.#err.line(jsonText({ message: pieces.map(plain).join('') }));
  }
}
