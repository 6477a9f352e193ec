import type { OptionDefinition } from './command.js';
import { didYouMean } from './nearest.js';
import { parseDuration } from './terminal/format.js';
import { usageError } from './usage-error.js';

/** Flag of an option: `runtimeEnv` is `--runtime-env`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The value of an option as its definition has it. Throws a usage error that names flag, value and rule. */
export function optionValue(flag: string, option: OptionDefinition, raw: string, command: string): string | number | boolean {
  switch (option.type) {
    case 'flag':
      return raw === 'true';
    case 'text': {
      if (option.choices === undefined || option.choices.includes(raw)) return raw;
      throw usageError(`${flag}: '${raw}' must be one of ${option.choices.join(', ')}${didYouMean(raw, option.choices)}`, command);
    }
    case 'texts':
      return raw;
    case 'number': {
      const value = /^\d+$/.test(raw) ? Number(raw) : Number.NaN;
      if (value >= option.min && value <= option.max) return value;
      throw usageError(`${flag}: '${raw}' must be a whole number from ${option.min} to ${option.max}`, command);
    }
    case 'duration': {
      const ms = parseDuration(raw);
      if (ms !== undefined) return ms;
      throw usageError(`${flag}: '${raw}' must be a time span such as 30s, 10m, 2h or 1d`, command);
    }
  }
}
