import { useState } from 'react';
import { formatWholeRupees } from '../../shared/rupees.ts';
import { distanceInWords } from '../distance-in-words.ts';
import { useLanguage } from '../i18n/language.tsx';
import { KindLabel } from '../kind-label.tsx';
import type { Stop } from '../places/day-stops.ts';
import { gathered, isFarFrom, membersInWords, sketch } from '../places/sketch.ts';
import type { PlannedDay } from '../places/use-day-stops.ts';

const [width, height] = [336, 320];
/** Marks nearer than this hide each other. */
const nearest = 26;

/** The route as a drawing without tiles, and the same as a list: nothing here needs a network. */
export function MapScreen({ route, onOpen }: { route: PlannedDay; onOpen(id: string): void }) {
  const { t } = useLanguage();
  const [shown, setShown] = useState<string | null>(null);
  const { stops, kilometres, start } = route;
  if (stops.length === 0) return <p className="nothing">{t.route.empty}</p>;
  const placed = stops.flatMap((stop) => (stop.place ? [{ ...stop, place: stop.place }] : []));
  return (
    <div className="map-screen">
      <h2>{t.route.title}</h2>
      <p>{t.route.whole(distanceInWords(kilometres), stops.length)}</p>
      {placed.length > 0 && <Drawing stops={placed} start={start} shown={shown} />}
      <p className="dim small">
        {t.route.crow} {t.route.source}
      </p>
      {start && (
        <button type="button" className="secondary wide" onClick={route.planAgain}>
          {t.route.again}
        </button>
      )}
      <ol className="stops">
        {stops.map((stop, at) => (
          <li key={stop.key} data-testid="stop">
            <button
              type="button"
              aria-expanded={shown === stop.key}
              onClick={() => setShown(shown === stop.key ? null : stop.key)}
            >
              <span className="stop-no">{at + 1}</span>
              <span>
                <strong>{stop.village}</strong>
                <span className="dim">{[t.deliveries(stop.entries.length), ...distanceOf(stop)].join(' · ')}</span>
              </span>
            </button>
            {shown === stop.key && (
              <ul>
                {stop.entries.map(({ row }) => (
                  <li key={row.id}>
                    <button type="button" onClick={() => onOpen(row.id)}>
                      <span>{row.customerName}</span>
                      <span>
                        <KindLabel kind={row.kind} /> {formatWholeRupees(row.amountPaise)}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
    </div>
  );

  function distanceOf({ place, kilometres: leg }: Stop): string[] {
    if (!place) return [t.route.unknown];
    const rough = place.precision === 'district' ? [t.route.rough] : [];
    return leg === null || leg < 0.05 ? rough : [t.route.about(distanceInWords(leg)), ...rough];
  }
}

interface DrawingProps {
  stops: readonly (Stop & { place: NonNullable<Stop['place']> })[];
  start: PlannedDay['start'];
  shown: string | null;
}

function Drawing({ stops, start, shown }: DrawingProps) {
  const { t } = useLanguage();
  const places = stops.map(({ place }) => place);
  // From afar, only the way from there is seen at the edge.
  const fitted = start && !isFarFrom(start, places) ? [start, ...places] : places;
  const { spots, scale } = sketch(start ? [start, ...places] : places, width, height, fitted);
  const stopSpots = start ? spots.slice(1) : spots;
  const here = start ? spots[0] : undefined;
  const way = spots.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  const names = stops.map(({ village }, at) => `${at + 1} ${village}`).join(', ');
  return (
    <svg
      className="map"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={t.route.picture(names)}
      data-testid="map"
    >
      <polyline points={way} className="map-way" />
      {gathered(stopSpots, nearest).map(({ spot, members }) => {
        const text = membersInWords(members);
        const isShown = members.some((at) => stops[at]?.key === shown);
        const isRough = members.every((at) => stops[at]?.place.precision === 'district');
        const half = Math.max(13, 5 + text.length * 4.2);
        return (
          <g key={text} className="map-stop" data-shown={isShown} data-rough={isRough}>
            <rect x={spot.x - half} y={spot.y - 13} width={2 * half} height={26} rx={13} />
            <text x={spot.x} y={spot.y + 5} textAnchor="middle">
              {text}
            </text>
          </g>
        );
      })}
      {here && (
        <g className="map-here">
          <circle cx={here.x} cy={here.y} r={9} />
          <text
            x={here.x + (here.x < width / 2 ? 16 : -16)}
            y={here.y + 5}
            textAnchor={here.x < width / 2 ? 'start' : 'end'}
          >
            {t.route.here}
          </text>
        </g>
      )}
      <g className="map-scale">
        <path d={`M12 ${height - 10}v-6m0 3h${scale.length}m0 -3v6`} />
        <text x={18 + scale.length} y={height - 8}>
          {scale.kilometres} km
        </text>
        <path d={`M${width - 18} 30v-18m-5 6l5 -7l5 7`} />
      </g>
    </svg>
  );
}
