import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import {
  type Degrees,
  hull,
  labelWidth,
  latitudeOf,
  metresPerPixel,
  netStep,
  type Point,
  project,
  roundLength,
  type View,
  viewOf,
  zoomed,
} from './projection.ts';

export interface Mark extends Degrees {
  readonly id: string;
  readonly name: string;
  readonly kind: 'agent' | 'place';
  /** A place's share of work that is done, from 0 to 1. */
  readonly done?: number;
  /** How large a place is drawn. */
  readonly weight?: number;
  /** Made up, for the demo day. */
  readonly demo?: boolean;
  /** Not seen for a while. */
  readonly old?: boolean;
}

interface PlotMapProps {
  label: string;
  /** In px; the width is the page's. */
  height: number;
  marks: readonly Mark[];
  /** Regions: each a ground below its marks, and a name. */
  areas?: readonly { readonly name: string; readonly places: readonly Degrees[] }[];
  /** The way of a day, in order. */
  line?: readonly Degrees[];
  chosen?: string | null;
  onChoose?: (id: string | null) => void;
}

const step = 1.6;

/** Places by their degrees, on a ground without tiles: nothing is asked of anybody else's server. */
export function PlotMap({ label, height, marks, areas = [], line = [], chosen = null, onChoose }: PlotMapProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  const [moved, setMoved] = useState<View | null>(null);
  const dragged = useRef<Point | null>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(200, element.clientWidth)));
    observer.observe(element);
    // Not React's: a wheel listener that keeps the page from scrolling must not be passive.
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const at = { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
      setMoved((view) => view && zoomed(view, event.deltaY < 0 ? 1.2 : 1 / 1.2, at));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', wheel);
    };
  }, []);

  const points = [...marks, ...line].map((place) => project(place));
  const all =
    points.length === 0 ? { middle: project({ lat: 22.5, lng: 80 }), scale: 1e-4 } : viewOf(points, width, height);
  const view = moved ?? all;
  const onScreen = (place: Degrees): Point => {
    const { x, y } = project(place);
    return { x: (x - view.middle.x) / view.scale + width / 2, y: (y - view.middle.y) / view.scale + height / 2 };
  };
  const pan = (x: number, y: number) =>
    setMoved({ ...view, middle: { x: view.middle.x + x * view.scale, y: view.middle.y + y * view.scale } });
  const drag = (event: PointerEvent) => {
    const from = dragged.current;
    if (from === null) return;
    dragged.current = { x: event.clientX, y: event.clientY };
    pan(from.x - event.clientX, from.y - event.clientY);
  };
  const metre = metresPerPixel(latitudeOf(view.middle.y), view.scale);
  const bar = roundLength(width * 0.25 * metre);

  return (
    <div className="plot" ref={frame} style={{ height }}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="group"
        aria-label={label}
        onPointerDown={(event) => {
          dragged.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={(event) => {
          if (event.buttons === 1) drag(event);
        }}
        onPointerUp={() => {
          dragged.current = null;
        }}
      >
        <Graticule view={view} width={width} height={height} />
        {areas.map(({ name, places }) => (
          <Area key={name} name={name} points={places.map(onScreen)} />
        ))}
        {line.length > 1 && (
          <polyline
            className="plot-line"
            points={line
              .map((place) => {
                const { x, y } = onScreen(place);
                return `${x.toFixed(1)},${y.toFixed(1)}`;
              })
              .join(' ')}
          />
        )}
        {line.map((place, index) => {
          const { x, y } = onScreen(place);
          return <circle key={index} className="plot-step" cx={x} cy={y} r={2.5} />;
        })}
        {marks.map((mark) => (
          <MarkSign
            key={`${mark.kind} ${mark.id}`}
            mark={mark}
            at={onScreen(mark)}
            chosen={chosen === mark.id}
            onChoose={onChoose}
          />
        ))}
      </svg>
      <div className="plot-buttons" role="group" aria-label="Zoom">
        <button type="button" aria-label="Nearer" onClick={() => setMoved(zoomed(view, step))}>
          +
        </button>
        <button type="button" aria-label="Farther" onClick={() => setMoved(zoomed(view, 1 / step))}>
          −
        </button>
        <button type="button" aria-label="Show everything" onClick={() => setMoved(null)}>
          ⤢
        </button>
      </div>
      <div className="plot-scale" aria-hidden="true">
        <i style={{ width: bar / metre }} />
        {bar >= 1000 ? `${bar / 1000} km` : `${bar} m`}
      </div>
      {points.length === 0 && <p className="plot-empty dim">Nothing has a place yet.</p>}
    </div>
  );
}

/** The ground around some marks, and its name above it. */
function Area({ name, points }: { name: string; points: readonly Point[] }) {
  const around = hull(points);
  const [first] = around;
  if (first === undefined) return null;
  const top = around.reduce((highest, point) => (point.y < highest.y ? point : highest), first);
  const middle = around.reduce((sum, { x }) => sum + x, 0) / around.length;
  return (
    <g aria-hidden="true">
      <polygon className="plot-area" points={around.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')} />
      <text className="plot-area-name" x={middle} y={top.y - 28}>
        {name}
      </text>
    </g>
  );
}

interface MarkSignProps {
  mark: Mark;
  at: Point;
  chosen: boolean;
  onChoose: ((id: string | null) => void) | undefined;
}

function MarkSign({ mark, at, chosen, onChoose }: MarkSignProps) {
  const choose = () => onChoose?.(chosen ? null : mark.id);
  const radius = mark.kind === 'agent' ? 6 : 4 + Math.min(10, Math.sqrt(mark.weight ?? 1) * 1.4);
  return (
    <g
      className="plot-mark"
      data-kind={mark.kind}
      data-old={mark.old === true}
      data-demo={mark.demo === true}
      data-chosen={chosen}
      transform={`translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`}
      {...(onChoose === undefined
        ? {}
        : {
            role: 'button',
            tabIndex: 0,
            'aria-label': mark.name,
            'aria-pressed': chosen,
            onClick: choose,
            onKeyDown: (event: KeyboardEvent) => {
              if (event.key !== 'Enter' && event.key !== ' ') return;
              // Space would scroll the page.
              event.preventDefault();
              choose();
            },
          })}
    >
      <circle r={radius} />
      {mark.done !== undefined && mark.done > 0 && <circle className="plot-done" r={radius * Math.sqrt(mark.done)} />}
      {chosen && (
        <text x={radius + 5} y={4}>
          {mark.name}
        </text>
      )}
    </g>
  );
}

/** Lines of round degrees, so that the eye has something to hold on to. */
function Graticule({ view, width, height }: { view: View; width: number; height: number }) {
  const span = width * view.scale * 360;
  const every = netStep(width, view.scale);
  const left = (view.middle.x - (width / 2) * view.scale) * 360 - 180;
  const lngs = Array.from(
    { length: Math.ceil(span / every) + 1 },
    (_, at) => (Math.floor(left / every) + 1 + at) * every,
  );
  const south = latitudeOf(view.middle.y + (height / 2) * view.scale);
  const north = latitudeOf(view.middle.y - (height / 2) * view.scale);
  const lats = Array.from(
    { length: Math.min(40, Math.ceil((north - south) / every)) },
    (_, at) => (Math.floor(south / every) + 1 + at) * every,
  );
  const xOf = (lng: number) => (project({ lat: 0, lng }).x - view.middle.x) / view.scale + width / 2;
  const yOf = (lat: number) => (project({ lat, lng: 0 }).y - view.middle.y) / view.scale + height / 2;
  const digits = every < 0.01 ? 3 : every < 0.1 ? 2 : every < 1 ? 1 : 0;
  return (
    <g className="plot-net" aria-hidden="true">
      {lngs.map((lng) => (
        <g key={`x${lng}`}>
          <line x1={xOf(lng)} x2={xOf(lng)} y1={0} y2={height} />
          {xOf(lng) + labelWidth < width && (
            <text x={xOf(lng) + 4} y={height - 6}>
              {lng.toFixed(digits)}° E
            </text>
          )}
        </g>
      ))}
      {lats.map((lat) => (
        <g key={`y${lat}`}>
          <line y1={yOf(lat)} y2={yOf(lat)} x1={0} x2={width} />
          <text x={4} y={yOf(lat) - 4}>
            {lat.toFixed(digits)}° N
          </text>
        </g>
      ))}
    </g>
  );
}
