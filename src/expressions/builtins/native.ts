import type { Closure, Emit, Evaluator, Path } from '../jq/evaluate.js';
import type { Json } from '../jq/json.js';

/** A function of the language that is written here: it gives its results to `emit`. */
export type NativeFunction = (evaluator: Evaluator, args: readonly Closure[], input: Json, path: Path | undefined, emit: Emit) => void;

/** Functions by name and number of parameters: `split/1`. */
export type NativeTable = Readonly<Record<string, NativeFunction>>;

/** A function of its input and of values: called for each combination of its arguments' results, the last argument being the outermost. */
export function values(call: (evaluator: Evaluator, input: Json, ...args: Json[]) => Json): NativeFunction {
  return (evaluator, args, input, path, emit) => {
    const from = (at: number, found: Json[]): void => {
      const arg = args[at];
      if (arg === undefined) emit(call(evaluator, input, ...found), evaluator.computed(path));
      else evaluator.each(arg, input, (value) => from(at - 1, [value, ...found]));
    };
    from(args.length - 1, []);
  };
}
