import type { Density, TrafficKind } from '../../../src/record-answers.ts';

export const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
export const levels = 9;

export interface HeatCell {
  /** On average in such an hour; a weekday that has not been yet has none. */
  readonly mean: number;
  /** 0: next to nothing; `levels` is the busiest hour's. */
  readonly level: number;
}

export interface HeatGrid {
  /** Seven rows of 24. */
  readonly rows: readonly (readonly HeatCell[])[];
  /** Means of an hour over all days, and of a whole day of each weekday. */
  readonly byHour: readonly number[];
  readonly byDay: readonly number[];
  readonly most: number;
  readonly total: number;
}

/** What the picture shows of one kind. */
export function heatGrid({ counts, days }: Pick<Density, 'counts' | 'days'>, kind: TrafficKind): HeatGrid {
  const of = counts[kind];
  const mean = (weekday: number, hour: number) => (of[24 * weekday + hour] ?? 0) / Math.max(1, days[weekday] ?? 0);
  const means = weekdays.map((_, weekday) => Array.from({ length: 24 }, (__, hour) => mean(weekday, hour)));
  const most = Math.max(0, ...means.flat());
  const all = Math.max(
    1,
    days.reduce((sum, count) => sum + count, 0),
  );
  return {
    rows: means.map((row) => row.map((value) => ({ mean: value, level: levelOf(value, most) }))),
    byHour: Array.from(
      { length: 24 },
      (_, hour) => weekdays.reduce((sum, __, weekday) => sum + (of[24 * weekday + hour] ?? 0), 0) / all,
    ),
    byDay: means.map((row) => row.reduce((sum, value) => sum + value, 0)),
    most,
    total: of.reduce((sum, count) => sum + count, 0),
  };
}

function levelOf(value: number, most: number): number {
  return most === 0 ? 0 : Math.round((value / most) * levels);
}
