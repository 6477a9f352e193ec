import stringWidth from 'string-width';
import type { SubAgentExecution, ToolCall } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import type { WorkflowTask } from '../../contract/gen/ai/stigmer/agentic/workflowexecution/v1/api_pb.js';
import { type Notice, Notice_Severity } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { phaseName } from '../../contract/phases.js';
import { parseTimestamp } from '../../contract/timestamps.js';
import { formatDuration } from '../terminal/format.js';
import { jsonText } from '../terminal/json.js';
import { cyan, dim, green, type Output, type Piece, plain, red, yellow } from '../terminal/output.js';
import { cleanLine } from '../terminal/text-cleaner.js';
import { TextFlow, writeParagraph } from '../terminal/text-flow.js';
import type { TranscriptEvent } from './events.js';
import { ARGUMENTS_FOLD, type FoldLimits, foldText, RESULT_FOLD, UNFOLDED } from './fold-text.js';
import { writeSummary, writeTurnSummary } from './summary-text.js';
import type { Summary } from './summary.js';
import type { TranscriptView } from './view.js';
import { callFailed, PHASE_ICONS, SPEAKERS, subAgentFailed, TASK_WORDS, TODO_ICONS } from './words.js';

export interface TextViewOptions {
  /** Show arguments, results and outputs whole. */
  readonly full: boolean;
  /** One turn of a talk: without phases, the person's own words and the rules of the summary. */
  readonly turn?: boolean;
  /** When the execution was created, by the server's clock in milliseconds since 1970. */
  readonly createdAt?: number;
}

/** A line that may still be continued: a message's text, or the call whose result comes next. */
type Open = { readonly type: 'text'; readonly index: number; readonly flow: TextFlow } | { readonly type: 'call'; readonly id: string; readonly flow: TextFlow };

/** Shows a transcript to a person, line after line, in a form that reads the same on paper. */
export class TextView implements TranscriptView {
  readonly #out: Output;
  readonly #err: Output;
  readonly #options: TextViewOptions;
  #open: Open | undefined;
  /** What stands above: a blank line goes between conversation and the rest. */
  #above: 'nothing' | 'text' | 'call' | 'line' = 'nothing';

  constructor(out: Output, err: Output, options: TextViewOptions) {
    this.#out = out;
    this.#err = err;
    this.#options = options;
  }

  show(event: TranscriptEvent): void {
    if (this.#options.turn === true && (event.type === 'phase' || (event.type === 'text' && event.message.type === MessageType.MESSAGE_HUMAN))) return;
    switch (event.type) {
      case 'phase':
        return this.#phase(event.phase, event.startedAt);
      case 'text':
        return this.#text(event);
      case 'tool-started':
        return this.#callStarted(event.call);
      case 'tool-ended':
        return this.#callEnded(event.call);
      case 'sub-agent-started':
        return this.#subAgentStarted(event.subAgent);
      case 'sub-agent-ended':
        return this.#subAgentEnded(event.subAgent);
      case 'todos':
        this.#begin('line');
        this.#out.line('📋 To do');
        for (const { status, content } of event.items) writeParagraph(this.#out, `   ${TODO_ICONS[status] ?? '☐'} `, content);
        return;
      case 'task':
        return this.#task(event.task);
      case 'notice':
        return this.#notice(event.notice);
      case 'notice-over':
        this.#begin('line');
        writeParagraph(this.#out, '✓ over: ', event.notice.text, { prefixStyle: 'green', style: 'dim' });
        return;
      case 'connection-lost':
        return this.#aside(yellow(`connection to ${event.endpoint} lost (${event.reason}), resuming…`));
      case 'connection-resumed':
        return this.#aside(green(`connection to ${event.endpoint} is back`));
    }
  }

  finish(summary: Summary): void {
    this.#close();
    if (this.#options.turn === true) writeTurnSummary(this.#out, summary);
    else writeSummary(this.#out, summary);
    this.#above = 'nothing';
  }

  aside(...pieces: readonly Piece[]): void {
    this.#aside(...pieces);
  }

  #phase(phase: number, startedAt: string): void {
    this.#begin('line');
    const [created, started] = [this.#options.createdAt, parseTimestamp(startedAt)];
    const after = created === undefined || started === undefined ? '' : ` (${formatDuration(started - created)})`;
    this.#out.line(`${PHASE_ICONS[phase] ?? '•'} ${phaseName(phase)}`, dim(after));
  }

  #text({ index, message, text, first, rewritten }: Extract<TranscriptEvent, { type: 'text' }>): void {
    if (first || this.#open?.type !== 'text' || this.#open.index !== index) {
      this.#begin('text');
      const label = `${SPEAKERS[message.type] ?? '•'}${rewritten ? ' (rewritten)' : first ? '' : ' (continued)'}:${text.startsWith(' ') ? '' : ' '}`;
      this.#out.write(cyan(label));
      this.#open = { type: 'text', index, flow: new TextFlow(this.#out, { column: stringWidth(label) }) };
    }
    this.#open.flow.write(text);
  }

  #callStarted(call: ToolCall): void {
    this.#begin('call');
    const label = `🔧 Tool: ${cleanLine(call.name)}`;
    this.#out.write(cyan(label));
    const flow = new TextFlow(this.#out, { indent: 3, column: stringWidth(label) });
    const { shown, rest } = foldText(call.args === undefined ? '' : ` ${jsonText(call.args)}`, this.#limits(ARGUMENTS_FOLD));
    flow.write(rest === undefined ? shown : `${shown}… ${rest}`);
    this.#open = { type: 'call', id: call.id, flow };
  }

  #callEnded(call: ToolCall): void {
    const failed = callFailed(call.status);
    const outcome = `${failed ? '✗' : '✓'}${tookFrom(call.startedAt, call.completedAt)}`;
    if (this.#open?.type === 'call' && this.#open.id === call.id) {
      this.#open.flow.write(` ${outcome}`);
      this.#close();
    } else {
      this.#begin('call');
      this.#out.line('   ', failed ? red(outcome) : green(outcome), ` ${cleanLine(call.name)}`);
    }
    if (failed && call.error !== '') writeParagraph(this.#out, '   ', call.error, { style: 'red' });
    if (!failed || call.result !== call.error) this.#folded(call.result);
  }

  #subAgentStarted({ name, input }: SubAgentExecution): void {
    this.#begin('call');
    this.#out.line(cyan(`🤖 Sub-agent: ${cleanLine(name)}`));
    this.#folded(input);
  }

  #subAgentEnded(run: SubAgentExecution): void {
    this.#begin('call');
    const failed = subAgentFailed(run.status);
    const outcome = `${failed ? '✗' : '✓'}${tookFrom(run.startedAt, run.completedAt)}`;
    this.#out.line('   ', failed ? red(outcome) : green(outcome), ` Sub-agent: ${cleanLine(run.name)}`);
    if (failed && run.error !== '') writeParagraph(this.#out, '   ', run.error, { style: 'red' });
    this.#folded(run.output);
  }

  #task({ status, taskName, error, startedAt, completedAt }: WorkflowTask): void {
    this.#begin('line');
    const [icon, word] = TASK_WORDS[status] ?? ['•', 'Unknown'];
    this.#out.line(`${icon} Task: ${cleanLine(taskName)} [${word}]`, dim(tookFrom(startedAt, completedAt)));
    if (error !== '') writeParagraph(this.#out, '   ', error, { style: 'red' });
  }

  #notice({ severity, text, remedies }: Notice): void {
    this.#begin('line');
    const [icon, style] = severity === Notice_Severity.INFO ? (['ℹ ', 'cyan'] as const) : severity === Notice_Severity.ERROR ? (['⚠ ', 'red'] as const) : (['⚠ ', 'yellow'] as const);
    writeParagraph(this.#out, icon, text, { prefixStyle: style });
    for (const remedy of remedies) writeParagraph(this.#out, '  → ', remedy, { style: 'cyan' });
  }

  /** A text that is shown below a call as far as it is not long. */
  #folded(text: string): void {
    const { shown, rest } = foldText(text, this.#limits(RESULT_FOLD));
    if (shown !== '') writeParagraph(this.#out, '   ', shown, { style: 'dim' });
    if (rest !== undefined) this.#out.line(dim(`   … ${rest}; --full shows all`));
  }

  #limits(folded: FoldLimits): FoldLimits {
    return this.#options.full ? UNFOLDED : folded;
  }

  /** A line on standard error. Where both are one terminal it must not run into the text. */
  #aside(...pieces: readonly Piece[]): void {
    if (this.#out.isTty && this.#err.isTty) this.#close();
    this.#err.line(...pieces.map((piece) => (typeof piece === 'string' ? piece : { ...piece, text: plain(piece) })));
  }

  #begin(kind: 'text' | 'call' | 'line'): void {
    this.#close();
    if (this.#above !== 'nothing' && (kind === 'text' || this.#above === 'text' || (kind !== this.#above && this.#above === 'call'))) this.#out.line();
    this.#above = kind;
  }

  #close(): void {
    this.#open?.flow.end();
    this.#open = undefined;
  }
}

/** ` 0.8 s`, or nothing when the times are not known. */
function tookFrom(startedAt: string, completedAt: string): string {
  const [start, end] = [parseTimestamp(startedAt), parseTimestamp(completedAt)];
  return start === undefined || end === undefined ? '' : ` ${formatDuration(end - start)}`;
}
