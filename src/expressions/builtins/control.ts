import { JqError } from '../jq/errors.js';
import type { Closure, Emit, Evaluator, Path } from '../jq/evaluate.js';
import { isObject, isTrue, type Json } from '../jq/json.js';
import { add as sum } from '../jq/operators.js';
import { deletePaths, getPath, updatePath } from '../jq/paths.js';
import { type NativeTable, values } from './native.js';

const IDENTITY: Closure = { node: { type: 'identity' }, home: undefined };

const arg = (args: readonly Closure[], at: number): Closure => args[at] as Closure;

/** Functions that decide what is evaluated, how often, and where. */
export const control: NativeTable = {
  'empty/0': () => undefined,
  'not/0': (evaluator, _, input, path, emit) => emit(!isTrue(input), evaluator.computed(path)),
  'error/0': (_, __, input) => {
    throw new JqError(input);
  },
  'error/1': (evaluator, args, input) =>
    evaluator.each(arg(args, 0), input, (value) => {
      throw new JqError(value);
    }),
  'path/1': (evaluator, args, input, path, emit) => evaluator.eachPath(arg(args, 0), input, (found) => emit(found, evaluator.computed(path))),
  'paths/0': (evaluator, _, input, path, emit) =>
    evaluator.eachPath({ node: { type: 'call', name: 'recurse', args: [], offset: 0 }, home: undefined }, input, (found) => {
      if (found.length > 0) emit(found, evaluator.computed(path));
    }),
  'getpath/1': (evaluator, args, input, path, emit) =>
    evaluator.each(arg(args, 0), input, (keys) => {
      if (!Array.isArray(keys)) throw new JqError('Path must be specified as an array');
      let at = path;
      for (const key of keys) at = evaluator.step(at, key, input);
      emit(getPath(input, keys), at);
    }),
  'setpath/2': values((evaluator, input, keys, value) => {
    if (!Array.isArray(keys as Json)) throw new JqError('Path must be specified as an array');
    return updatePath(input, keys as Json[], evaluator.budget, () => value as Json);
  }),
  'delpaths/1': values((evaluator, input, paths) => {
    if (!Array.isArray(paths as Json) || !(paths as Json[]).every(Array.isArray)) throw new JqError('Paths must be specified as an array');
    return deletePaths(input, paths as Json[][], evaluator.budget);
  }),
  'del/1': (evaluator, args, input, path, emit) => emit(deletePaths(input, evaluator.paths(arg(args, 0), input), evaluator.budget), evaluator.computed(path)),
  'select/1': (evaluator, args, input, path, emit) =>
    evaluator.each(arg(args, 0), input, (value) => {
      if (isTrue(value)) emit(input, path);
    }),
  'recurse/0': (evaluator, _, input, path, emit) => recurse(evaluator, input, path, emit, children),
  'recurse/1': (evaluator, args, input, path, emit) => recurse(evaluator, input, path, emit, following(arg(args, 0))),
  'recurse/2': (evaluator, args, input, path, emit) => {
    const next = following(arg(args, 0));
    recurse(evaluator, input, path, emit, (self, value, at, take) =>
      next(self, value, at, (child, childPath) =>
        self.each(arg(args, 1), child, (holds) => {
          if (isTrue(holds)) take(child, childPath);
        }),
      ),
    );
  },
  'repeat/1': (evaluator, args, input, path, emit) =>
    chained(evaluator, input, path, following(arg(args, 0)), (value, at, more) => {
      emit(value, at);
      more();
    }),
  'while/2': (evaluator, args, input, path, emit) =>
    chained(evaluator, input, path, following(arg(args, 1)), (value, at, more) =>
      evaluator.each(arg(args, 0), value, (holds) => {
        if (!isTrue(holds)) return;
        emit(value, at);
        more();
      }),
    ),
  'until/2': (evaluator, args, input, path, emit) =>
    chained(evaluator, input, path, following(arg(args, 1)), (value, at, more) =>
      evaluator.each(arg(args, 0), value, (done) => {
        if (isTrue(done)) emit(value, at);
        else more();
      }),
    ),
  'limit/2': (evaluator, args, input, path, emit) =>
    evaluator.each(arg(args, 0), input, (most) => {
      if (typeof most !== 'number') throw new JqError('Invalid arguments to limit');
      let left = most;
      if (left <= 0) return;
      evaluator.stoppable((stop) =>
        evaluator.run(arg(args, 1).node, arg(args, 1).home, input, path, (value, at) => {
          left -= 1;
          emit(value, at);
          if (left <= 0) stop();
        }),
      );
    }),
  'skip/2': (evaluator, args, input, path, emit) =>
    evaluator.each(arg(args, 0), input, (count) => {
      if (typeof count !== 'number') throw new JqError('Invalid arguments to skip');
      let left = count;
      evaluator.run(arg(args, 1).node, arg(args, 1).home, input, path, (value, at) => {
        left -= 1;
        if (left < 0) emit(value, at);
      });
    }),
  'first/1': (evaluator, args, input, path, emit) => {
    let found: [Json, Path | undefined] | undefined;
    evaluator.stoppable((stop) =>
      evaluator.run(arg(args, 0).node, arg(args, 0).home, input, path, (value, at) => {
        found = [value, at];
        stop();
      }),
    );
    if (found) emit(...found);
  },
  'last/1': (evaluator, args, input, path, emit) => {
    let found: [Json, Path | undefined] | undefined;
    evaluator.run(arg(args, 0).node, arg(args, 0).home, input, path, (value, at) => {
      found = [value, at];
    });
    if (found) emit(...found);
  },
  'nth/2': (evaluator, args, input, path, emit) =>
    evaluator.each(arg(args, 0), input, (number) => {
      if (typeof number !== 'number' || number < 0) throw new JqError('Out of bounds negative array index');
      let left = Math.floor(number);
      let found: [Json, Path | undefined] | undefined;
      evaluator.stoppable((stop) =>
        evaluator.run(arg(args, 1).node, arg(args, 1).home, input, path, (value, at) => {
          left -= 1;
          if (left >= 0) return;
          found = [value, at];
          stop();
        }),
      );
      if (found) emit(...found);
    }),
  'isempty/1': (evaluator, args, input, path, emit) => {
    let empty = true;
    evaluator.stoppable((stop) =>
      evaluator.each(arg(args, 0), input, () => {
        empty = false;
        stop();
      }),
    );
    emit(empty, evaluator.computed(path));
  },
  'any/0': (evaluator, _, input, path, emit) => quantified(evaluator, true, iterated(input), IDENTITY, path, emit),
  'any/1': (evaluator, args, input, path, emit) => quantified(evaluator, true, iterated(input), arg(args, 0), path, emit),
  'any/2': (evaluator, args, input, path, emit) => quantified(evaluator, true, (self, take) => self.each(arg(args, 0), input, take), arg(args, 1), path, emit),
  'all/0': (evaluator, _, input, path, emit) => quantified(evaluator, false, iterated(input), IDENTITY, path, emit),
  'all/1': (evaluator, args, input, path, emit) => quantified(evaluator, false, iterated(input), arg(args, 0), path, emit),
  'all/2': (evaluator, args, input, path, emit) => quantified(evaluator, false, (self, take) => self.each(arg(args, 0), input, take), arg(args, 1), path, emit),
  'add/0': (evaluator, _, input, path, emit) => emit(total(evaluator, iterated(input)), evaluator.computed(path)),
  'add/1': (evaluator, args, input, path, emit) =>
    emit(
      total(evaluator, (self, take) => self.each(arg(args, 0), input, take)),
      evaluator.computed(path),
    ),
  'range/1': (evaluator, args, input, path, emit) => evaluator.each(arg(args, 0), input, (to) => range(evaluator, 0, to, 1, path, emit)),
  'range/2': (evaluator, args, input, path, emit) =>
    evaluator.each(arg(args, 0), input, (from) => evaluator.each(arg(args, 1), input, (to) => range(evaluator, from, to, 1, path, emit))),
  'range/3': (evaluator, args, input, path, emit) =>
    evaluator.each(arg(args, 0), input, (from) =>
      evaluator.each(arg(args, 1), input, (to) => evaluator.each(arg(args, 2), input, (by) => range(evaluator, from, to, by, path, emit))),
    ),
};

type Follow = (evaluator: Evaluator, value: Json, path: Path | undefined, take: Emit) => void;
type Source = (evaluator: Evaluator, take: (value: Json) => void) => void;

function following(closure: Closure): Follow {
  return (evaluator, value, path, take) => evaluator.run(closure.node, closure.home, value, path, take);
}

const children: Follow = (evaluator, value, path, take) => {
  if (Array.isArray(value) || isObject(value)) evaluator.iterate(value, path, take);
};

function recurse(evaluator: Evaluator, value: Json, path: Path | undefined, emit: Emit, next: Follow): void {
  evaluator.budget.enter();
  emit(value, path);
  next(evaluator, value, path, (child, at) => recurse(evaluator, child, at, emit, next));
  evaluator.budget.leave();
}

/**
 * Follows a chain from value to value. `visit` says by `more` that it goes on. A chain whose links have one successor each, as nearly all
 * have, is followed in a loop, however long; only where it forks does it nest.
 */
function chained(evaluator: Evaluator, input: Json, path: Path | undefined, next: Follow, visit: (value: Json, path: Path | undefined, more: () => void) => void): void {
  let pending: [Json, Path | undefined] | undefined = [input, path];
  while (pending) {
    const [value, at] = pending;
    pending = undefined;
    let goesOn = 0;
    visit(value, at, () => {
      goesOn += 1;
    });
    for (let i = 0; i < goesOn; i++) {
      next(evaluator, value, at, (child, childPath) => {
        if (pending) {
          const [sibling, siblingPath] = pending;
          pending = undefined;
          evaluator.budget.enter();
          chained(evaluator, sibling, siblingPath, next, visit);
          evaluator.budget.leave();
        }
        pending = [child, childPath];
      });
    }
  }
}

function iterated(input: Json): Source {
  return (evaluator, take) => evaluator.iterate(input, undefined, take);
}

function quantified(evaluator: Evaluator, wanted: boolean, source: Source, condition: Closure, path: Path | undefined, emit: Emit): void {
  let found = false;
  evaluator.stoppable((stop) =>
    source(evaluator, (value) =>
      evaluator.each(condition, value, (holds) => {
        if (isTrue(holds) !== wanted) return;
        found = true;
        stop();
      }),
    ),
  );
  emit(found === wanted, evaluator.computed(path));
}

function total(evaluator: Evaluator, source: Source): Json {
  const { budget } = evaluator;
  let result: Json = null;
  let list: Json[] | undefined;
  source(evaluator, (value) => {
    // Lists are joined in place: a copy for each would take the square of their length.
    if (list && Array.isArray(value)) {
      budget.array(value.length);
      for (const item of value) list.push(item);
    } else if (result === null && Array.isArray(value)) {
      list = [...value];
      result = list;
    } else {
      result = sum(result, value, budget);
      list = Array.isArray(result) && result !== value ? result : undefined;
    }
  });
  return result;
}

function range(evaluator: Evaluator, from: Json, to: Json, by: Json, path: Path | undefined, emit: Emit): void {
  if (typeof from !== 'number' || typeof to !== 'number' || typeof by !== 'number') throw new JqError('Range bounds must be numeric');
  if (by === 0 && from >= to) return;
  for (let at = from; by > 0 ? at < to : by < 0 ? at > to : true; at += by) {
    evaluator.budget.step();
    emit(at, evaluator.computed(path));
  }
}
