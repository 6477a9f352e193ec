import { createInterface } from 'node:readline';

/** Reads what is said, line by line. */
export interface LineReader {
  /** The next line; undefined at the end of the input, and when the person gives up with Ctrl-C or Ctrl-D. */
  read(question: string): Promise<string | undefined>;
}

/** Lines that a person types, with the keys and the history of a shell. The terminal is its own again between two lines. */
export class TerminalLineReader implements LineReader {
  readonly #input: NodeJS.ReadableStream;
  readonly #output: NodeJS.WritableStream;
  #history: string[] = [];

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
    this.#input = input;
    this.#output = output;
  }

  read(question: string): Promise<string | undefined> {
    const lines = createInterface({ input: this.#input, output: this.#output, history: [...this.#history], terminal: true });
    return new Promise((resolve) => {
      let typed: string | undefined;
      lines.on('history', (history) => (this.#history = history));
      lines.on('SIGINT', () => lines.close());
      lines.on('close', () => {
        if (typed === undefined) this.#output.write('\n');
        resolve(typed);
      });
      lines.question(question, (line) => {
        typed = line;
        lines.close();
      });
    });
  }
}

/** Lines that come through a pipe. */
export class PipeLineReader implements LineReader {
  readonly #input: NodeJS.ReadableStream;
  #lines: AsyncIterator<string> | undefined;

  constructor(input: NodeJS.ReadableStream) {
    this.#input = input;
  }

  async read(): Promise<string | undefined> {
    this.#lines ??= createInterface({ input: this.#input })[Symbol.asyncIterator]();
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : value;
  }
}
