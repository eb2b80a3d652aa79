import { useState } from 'react';
import { counted } from '../frame/units.ts';
import { type HeatGrid, levels, weekdays } from './heat-grid.ts';
import type { PeakWindow } from './peaks.ts';

interface HeatPictureProps {
  grid: HeatGrid;
  peaks: readonly PeakWindow[];
  title: string;
}

const barHeight = 64;

/** Seven days of 24 hours: a table, so that it can be read without being seen; above it the day's course with its peaks. */
export function HeatPicture({ grid, peaks, title }: HeatPictureProps) {
  const [at, setAt] = useState<{ weekday: number; hour: number } | null>(null);
  const highest = Math.max(...grid.byHour);
  const widest = Math.max(...grid.byDay);
  const inPeak = (hour: number) => peaks.some(({ from, to }) => hour >= from && hour < to);
  const pointed = at === null ? null : grid.rows[at.weekday]?.[at.hour];
  return (
    <div className="heat-picture">
      <div className="heat-hours" aria-hidden="true">
        {grid.byHour.map((mean, hour) => (
          <div key={hour} className="heat-bar" data-peak={inPeak(hour)} style={{ gridColumn: hour + 1 }}>
            <i style={{ height: `${Math.round((mean / highest) * barHeight)}px` }} />
          </div>
        ))}
        {peaks.map(({ from, to, share }) => (
          <div key={from} className="heat-window" style={{ gridColumn: `${from + 1} / ${to + 1}` }}>
            <span>
              {from}–{to}
              <small> {Math.round(share * 100)} %</small>
            </span>
          </div>
        ))}
      </div>
      <table className="heat-table" data-testid="heat-table">
        <caption className="unseen">{title}: the mean of each hour</caption>
        <thead>
          <tr>
            <td />
            {Array.from({ length: 24 }, (_, hour) => (
              <th key={hour} scope="col" data-peak={inPeak(hour)}>
                {hour}
              </th>
            ))}
            <th scope="col" className="heat-sum">
              Day
            </th>
          </tr>
        </thead>
        <tbody>
          {grid.rows.map((row, weekday) => (
            <tr key={weekdays[weekday]}>
              <th scope="row">{weekdays[weekday]}</th>
              {row.map(({ mean, level }, hour) => (
                <td
                  key={hour}
                  data-level={level}
                  data-peak={inPeak(hour)}
                  onPointerEnter={() => setAt({ weekday, hour })}
                  // A finger that is lifted leaves, too: what it tapped stays to be read.
                  onPointerLeave={({ pointerType }) => pointerType === 'mouse' && setAt(null)}
                >
                  <span className="unseen">{Math.round(mean)}</span>
                </td>
              ))}
              <td className="heat-sum">
                <i style={{ width: `${Math.round(((grid.byDay[weekday] ?? 0) / widest) * 100)}%` }} />
                <span>{counted(Math.round(grid.byDay[weekday] ?? 0))}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="heat-legend">
        <span>
          {at !== null && pointed
            ? `${weekdays[at.weekday]} ${at.hour}:00 to ${at.hour + 1}:00: ${counted(Math.round(pointed.mean))} on average`
            : 'Point at an hour, or tap it, to read it'}
        </span>
        <span className="heat-scale" aria-hidden="true">
          0
          {Array.from({ length: levels }, (_, level) => (
            <i key={level} data-level={level + 1} />
          ))}
          {counted(Math.round(grid.most))} an hour
        </span>
      </div>
    </div>
  );
}
