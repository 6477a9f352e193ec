import { JqError, shown } from '../jq/errors.js';
import type { Json } from '../jq/json.js';
import { type NativeTable, values } from './native.js';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const ISO = '%Y-%m-%dT%H:%M:%SZ';

/** Year, month from 0, day, hour, minute, second with its fraction, day of the week from Sunday, day of the year from 0. */
type Broken = readonly [number, number, number, number, number, number, number, number];

/** Functions on times. There is one time zone: UTC, also for what jq calls local. */
export const dates: NativeTable = {
  'now/0': values(({ host }) => host.now()),
  'gmtime/0': values((_, input) => [...breakDown(seconds('gmtime', input))]),
  'localtime/0': values((_, input) => [...breakDown(seconds('localtime', input))]),
  'mktime/0': values((_, input) => join(broken('mktime', input))),
  'strftime/1': values((_, input, format) => print('strftime', input, format as Json)),
  'strflocaltime/1': values((_, input, format) => print('strflocaltime', input, format as Json)),
  'strptime/1': values((_, input, format) => {
    if (typeof input !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
    return [...read(input, formatOf('strptime', format as Json))];
  }),
  'todate/0': values((_, input) => print('strftime', input, ISO)),
  'todateiso8601/0': values((_, input) => print('strftime', input, ISO)),
  'fromdate/0': values((_, input) => join(read(dateText(input), ISO))),
  'fromdateiso8601/0': values((_, input) => join(read(dateText(input), ISO))),
};

function dateText(input: Json): string {
  if (typeof input !== 'string') throw new JqError('strptime/1 requires string inputs and arguments');
  return input;
}

function seconds(name: string, input: Json): number {
  if (typeof input !== 'number') throw new JqError(`${name}() requires a number`);
  if (Math.abs(input) > 8.64e12) throw new JqError('error converting number of seconds since epoch to datetime');
  return input;
}

function breakDown(time: number): Broken {
  const whole = Math.floor(time);
  const date = new Date(whole * 1_000);
  const year = date.getUTCFullYear();
  const dayOfYear = Math.floor((whole * 1_000 - yearStart(year)) / 86_400_000);
  const second = date.getUTCSeconds() + (time - whole);
  return [year, date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), second, date.getUTCDay(), dayOfYear];
}

/** `Date.UTC` takes years from 0 to 99 for those of the twentieth century. */
function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const date = new Date(Date.UTC(2000, month, day, hour, minute, second));
  date.setUTCFullYear(date.getUTCFullYear() + year - 2000);
  return year >= 0 && year <= 99 ? date.getTime() : Date.UTC(year, month, day, hour, minute, second);
}

function yearStart(year: number): number {
  return utc(year, 0, 1);
}

function broken(name: string, input: Json): Broken {
  if (!Array.isArray(input) || input.length < 6 || !input.every((part) => typeof part === 'number')) {
    throw new JqError(`${name} requires array of 6 numbers`);
  }
  const parts = input as number[];
  return [...parts, 0, 0].slice(0, 8) as unknown as Broken;
}

function join([year, month, day, hour, minute, second]: Broken): number {
  return Math.floor(utc(Math.trunc(year), Math.trunc(month), Math.trunc(day), Math.trunc(hour), Math.trunc(minute), Math.trunc(second)) / 1_000);
}

function formatOf(name: string, format: Json): string {
  if (typeof format !== 'string') throw new JqError(`${name}/1 requires a string format`);
  return format;
}

function print(name: string, input: Json, format: Json): string {
  const text = formatOf(name, format);
  if (typeof input !== 'number' && !Array.isArray(input)) throw new JqError(`${name}/1 requires parsed datetime inputs`);
  const time = typeof input === 'number' ? breakDown(seconds(name, input)) : broken(name, input);
  return text.replaceAll(/%([a-zA-Z%])/g, (_, letter: string) => field(letter, time));
}

function pad(value: number, width: number, fill = '0'): string {
  return String(Math.trunc(value)).padStart(width, fill);
}

function field(letter: string, time: Broken): string {
  const [year, month, day, hour, minute, second, weekday, yearDay] = time;
  const parts = (format: string): string => [...format].map((char) => (/[a-zA-Z]/.test(char) ? field(char, time) : char)).join('');
  switch (letter) {
    case 'Y':
      return String(year);
    case 'C':
      return pad(Math.floor(year / 100), 2);
    case 'y':
      return pad(((year % 100) + 100) % 100, 2);
    case 'm':
      return pad(month + 1, 2);
    case 'd':
      return pad(day, 2);
    case 'e':
      return pad(day, 2, ' ');
    case 'H':
      return pad(hour, 2);
    case 'k':
      return pad(hour, 2, ' ');
    case 'I':
      return pad(hour % 12 === 0 ? 12 : hour % 12, 2);
    case 'l':
      return pad(hour % 12 === 0 ? 12 : hour % 12, 2, ' ');
    case 'M':
      return pad(minute, 2);
    case 'S':
      return pad(second, 2);
    case 'p':
      return hour < 12 ? 'AM' : 'PM';
    case 'P':
      return hour < 12 ? 'am' : 'pm';
    case 'Z':
      return 'UTC';
    case 'z':
      return '+0000';
    case 'a':
      return (DAYS[weekday] ?? '?').slice(0, 3);
    case 'A':
      return DAYS[weekday] ?? '?';
    case 'b':
    case 'h':
      return (MONTHS[month] ?? '?').slice(0, 3);
    case 'B':
      return MONTHS[month] ?? '?';
    case 'j':
      return pad(yearDay + 1, 3);
    case 'u':
      return String(weekday === 0 ? 7 : weekday);
    case 'w':
      return String(weekday);
    case 'U':
      return pad(Math.floor((yearDay + 7 - weekday) / 7), 2);
    case 'W':
      return pad(Math.floor((yearDay + 7 - ((weekday + 6) % 7)) / 7), 2);
    case 'G':
      return String(isoWeek(time)[0]);
    case 'g':
      return pad(isoWeek(time)[0] % 100, 2);
    case 'V':
      return pad(isoWeek(time)[1], 2);
    case 's':
      return String(join(time));
    case 'T':
      return parts('H:M:S');
    case 'R':
      return parts('H:M');
    case 'r':
      return parts('I:M:S p');
    case 'D':
    case 'x':
      return parts('m/d/y');
    case 'X':
      return parts('H:M:S');
    case 'F':
      return parts('Y-m-d');
    case 'c':
      return parts('a b e H:M:S Y');
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '%':
      return '%';
    default:
      return `%${letter}`;
  }
}

/** Year and number of the week that holds the day, the first being the one with a Thursday. */
function isoWeek([year, , , , , , weekday, yearDay]: Broken): [number, number] {
  const monday = (weekday + 6) % 7;
  const week = Math.floor((yearDay - monday + 10) / 7);
  if (week < 1) return [year - 1, weeksOf(year - 1)];
  return week > weeksOf(year) ? [year + 1, 1] : [year, week];
}

function weeksOf(year: number): number {
  const first = new Date(yearStart(year)).getUTCDay();
  const leap = (yearStart(year + 1) - yearStart(year)) / 86_400_000 === 366;
  return first === 4 || (leap && first === 3) ? 53 : 52;
}

/** Reads a time by a format, as far as it is common; white space in the format stands for any. */
function read(text: string, format: string): Broken {
  const found = { Y: 1900, m: 0, d: 0, H: 0, M: 0, S: 0, offset: 0, pm: undefined as boolean | undefined, epoch: undefined as number | undefined, j: undefined as number | undefined };
  let at = 0;
  const fault = (): JqError => new JqError(`date ${shown(text)} does not match format "${format}"`);
  const take = (pattern: RegExp): string => {
    const sticky = new RegExp(pattern.source, 'iy');
    sticky.lastIndex = at;
    const match = sticky.exec(text);
    if (!match) throw fault();
    at = sticky.lastIndex;
    return match[0];
  };
  const name = (names: readonly string[]): number => {
    const index = names.findIndex((one) => [one, one.slice(0, 3)].some((form) => text.slice(at, at + form.length).toLowerCase() === form.toLowerCase()));
    const full = names[index];
    if (full === undefined) throw fault();
    at += text.slice(at, at + full.length).toLowerCase() === full.toLowerCase() ? full.length : 3;
    return index;
  };
  const readFields = (letters: string): void => {
    for (let i = 0; i < letters.length; i++) {
      const char = letters[i] as string;
      if (/\s/.test(char)) take(/\s*/);
      else if (char !== '%') take(new RegExp(char.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)));
      else {
        i += 1;
        readField(letters[i] ?? '%');
      }
    }
  };
  const readField = (letter: string): void => {
    switch (letter) {
      case 'Y':
        found.Y = Number(take(/-?\d{1,4}/));
        break;
      case 'y': {
        const short = Number(take(/\d{1,2}/));
        found.Y = short < 69 ? 2000 + short : 1900 + short;
        break;
      }
      case 'm':
        found.m = Number(take(/\s*(1[0-2]|0?[1-9])/)) - 1;
        break;
      case 'd':
      case 'e':
        found.d = Number(take(/\s*(3[01]|[12]\d|0?[1-9])/));
        break;
      case 'H':
      case 'k':
        found.H = Number(take(/\s*(2[0-3]|[01]?\d)/));
        break;
      case 'I':
      case 'l':
        found.H = Number(take(/\s*(1[0-2]|0?[1-9])/)) % 12;
        break;
      case 'M':
        found.M = Number(take(/[0-5]?\d/));
        break;
      case 'S':
        found.S = Number(take(/6[01]|[0-5]?\d/));
        break;
      case 'p':
        found.pm = take(/[ap]m/).toLowerCase() === 'pm';
        break;
      case 'j':
        found.j = Number(take(/\d{1,3}/)) - 1;
        break;
      case 's':
        found.epoch = Number(take(/\d+/));
        break;
      case 'a':
      case 'A':
        name(DAYS);
        break;
      case 'b':
      case 'B':
      case 'h':
        found.m = name(MONTHS);
        break;
      case 'Z':
        take(/[A-Za-z]+/);
        break;
      case 'z': {
        const zone = take(/Z|[+-]\d\d:?\d\d/);
        const digits = zone.replaceAll(/\D/g, '');
        found.offset = digits === '' ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(digits.slice(0, 2)) * 3_600 + Number(digits.slice(2)) * 60);
        break;
      }
      case 'T':
        readFields('%H:%M:%S');
        break;
      case 'R':
        readFields('%H:%M');
        break;
      case 'D':
        readFields('%m/%d/%y');
        break;
      case 'F':
        readFields('%Y-%m-%d');
        break;
      case 'c':
        readFields('%a %b %e %H:%M:%S %Y');
        break;
      case 'n':
      case 't':
        take(/\s*/);
        break;
      case '%':
        take(/%/);
        break;
      default:
        throw fault();
    }
  };
  readFields(format);
  if (at !== text.length) throw fault();
  if (found.epoch !== undefined) return breakDown(found.epoch);
  if (found.pm === true) found.H += 12;
  if (found.j !== undefined) {
    const day = new Date(yearStart(found.Y) + found.j * 86_400_000);
    found.m = day.getUTCMonth();
    found.d = day.getUTCDate();
  }
  const at0 = new Date(utc(found.Y, found.m, found.d === 0 ? 1 : found.d));
  const yearDay = Math.round((at0.getTime() - yearStart(at0.getUTCFullYear())) / 86_400_000);
  return [found.Y, found.m, found.d, found.H, found.M, found.S, at0.getUTCDay(), yearDay];
}
