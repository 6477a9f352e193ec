import type { ComponentStatus, StartOptions, StartProgress } from '../../daemon/control.js';
import type { CliContext } from '../context.js';
import { flagOf } from '../option-values.js';
import { formatDuration } from '../terminal/format.js';
import { jsonText } from '../terminal/json.js';
import { bold, cyan, dim, red, yellow } from '../terminal/output.js';
import { cleanLine } from '../terminal/text-cleaner.js';
import { writeParagraph } from '../terminal/text-flow.js';
import { writeValue } from '../terminal/write-value.js';
import { progressText, writeReady } from './component-line.js';
import { type StartInput, WITHOUT_EFFECT } from './start-options.js';

/** How often the line of what is under way is drawn anew. */
const TICK_MS = 500;

/** Starts the supervisor and shows each part as it becomes ready. */
export async function startServer(ctx: CliContext, input: StartInput): Promise<void> {
  for (const name of WITHOUT_EFFECT) {
    if (input[name] !== undefined) ctx.err.line(yellow(`⚠ ${flagOf(name)} has no effect`));
  }
  const begun = ctx.clock.now();
  const progress = new StartDisplay(ctx);
  const { startDaemon } = await ctx.daemon();
  const { status, alreadyRunning } = await startDaemon(optionsOf(ctx, input), (event) => progress.show(event)).finally(() => progress.end());
  if (ctx.format !== 'text') return writeValue(ctx.out, ctx.format, { alreadyRunning, ...status });
  for (const component of status.components) progress.ready(component);
  if (alreadyRunning) ctx.out.line(`The server runs already, since ${status.startedAt} (pid ${status.pid}).`);
  else ctx.out.line(bold(`Ready in ${formatDuration(ctx.clock.now() - begun)}`));
}

function optionsOf(ctx: CliContext, { only, demoModel, port, httpPort, temporalPort }: StartInput): StartOptions {
  const components = only.flatMap((names) => names.split(',')).map((name) => name.trim()).filter((name) => name !== '');
  return {
    home: ctx.env.values.STIGMER_HOME,
    env: ctx.env.all,
    demoModel: demoModel === true,
    ...(components.length === 0 ? {} : { only: components }),
    ...(port === undefined ? {} : { grpcPort: port }),
    ...(httpPort === undefined ? {} : { httpPort }),
    ...(temporalPort === undefined ? {} : { temporalPort }),
  };
}

/** A line of its own for each component that is ready or in trouble; on a terminal, below them, what is under way. */
class StartDisplay {
  readonly #ctx: CliContext;
  readonly #begun: number;
  readonly #ready = new Set<string>();
  /** Components that are on their way, by name. */
  readonly #coming = new Map<string, ComponentStatus>();
  /** Trouble that was told, by component. */
  readonly #told = new Map<string, string>();
  #cancelTimer: () => void = () => undefined;

  constructor(ctx: CliContext) {
    this.#ctx = ctx;
    this.#begun = ctx.clock.now();
    this.#tick();
  }

  show(progress: StartProgress): void {
    const { out, err, format } = this.#ctx;
    if (format === 'ndjson') out.line(jsonText(progress));
    if (format !== 'text') return;
    if (progress.type === 'message') writeParagraph(err, '  ', progress.text, { style: 'dim' });
    else if (progress.component.state === 'ready') this.ready(progress.component);
    else {
      this.#ready.delete(progress.component.name);
      this.#coming.set(progress.component.name, progress.component);
      this.#trouble(progress.component);
    }
    this.#draw();
  }

  ready(component: ComponentStatus): void {
    if (component.state !== 'ready' || this.#ready.has(component.name)) return;
    this.#ready.add(component.name);
    this.#coming.delete(component.name);
    writeReady(this.#ctx.out, component);
  }

  end(): void {
    this.#cancelTimer();
    this.#ctx.out.status();
  }

  #tick(): void {
    this.#cancelTimer = this.#ctx.clock.setTimer(TICK_MS, () => {
      this.#draw();
      this.#tick();
    });
  }

  #draw(): void {
    const { out, clock, format } = this.#ctx;
    if (format !== 'text') return;
    const [first, ...rest] = this.#coming.values();
    const elapsed = formatDuration(clock.now() - this.#begun);
    const more = rest.length === 0 ? '' : ` (and ${rest.map(({ name }) => cleanLine(name)).join(', ')})`;
    out.status(dim(first === undefined ? `… ${elapsed}` : `… ${elapsed}  ${progressText(first)}${more}`));
  }

  /** A part that fell over is told of once for each reason, also where there is no terminal. */
  #trouble({ name, state, detail, lastError }: ComponentStatus): void {
    if (state !== 'failed' && state !== 'backing-off' && state !== 'unhealthy') return;
    const reason = lastError ?? detail ?? state;
    if (this.#told.get(name) === reason) return;
    this.#told.set(name, reason);
    const { err } = this.#ctx;
    writeParagraph(err, `✗ ${cleanLine(name)}: `, reason, { prefixStyle: 'red' });
    if (state === 'failed') err.line(red('  it is not started again'), '  → ', cyan(`stigmer server logs -c ${name}`));
  }
}
