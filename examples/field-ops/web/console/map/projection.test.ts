import { describe, expect, it } from 'vitest';
import { hull, latitudeOf, metresPerPixel, netStep, project, roundLength, viewOf, zoomed } from './projection.ts';

const gaya = { lat: 24.796, lng: 85.007 };
const patna = { lat: 25.594, lng: 85.137 };

describe('the map’s projection', () => {
  it('has north up and east to the right, and finds its way back', () => {
    expect(project(patna).y).toBeLessThan(project(gaya).y);
    expect(project(patna).x).toBeGreaterThan(project(gaya).x);
    expect(latitudeOf(project(gaya).y)).toBeCloseTo(gaya.lat, 9);
  });

  it('shows everything, and measures it right', () => {
    const view = viewOf([project(gaya), project(patna)], 600, 400);
    for (const place of [gaya, patna]) {
      const { x, y } = project(place);
      expect(Math.abs(x - view.middle.x) / view.scale).toBeLessThan(300);
      expect(Math.abs(y - view.middle.y) / view.scale).toBeLessThan(200);
    }
    const pixels = (project(gaya).y - project(patna).y) / view.scale;
    // 0.798 degrees of latitude.
    expect(pixels * metresPerPixel(25.2, view.scale)).toBeCloseTo(88_800, -3);
  });

  it.each([336, 900, 1800])('keeps the labels of the net’s lines apart on %d px', (width) => {
    for (let scale = 1e-8; scale < 1e-3; scale *= 1.3) {
      const pixels = netStep(width, scale) / 360 / scale;
      expect(pixels).toBeGreaterThanOrEqual(63.9);
      expect(pixels).toBeLessThanOrEqual(width / 2);
    }
  });

  it('zooms around what is pointed at', () => {
    const view = { middle: { x: 0.5, y: 0.5 }, scale: 1e-6 };
    const at = { x: 100, y: -40 };
    const before = view.middle.x + at.x * view.scale;
    const after = zoomed(view, 2, at);
    expect(after.middle.x + at.x * after.scale).toBeCloseTo(before, 12);
    expect(after.scale).toBe(5e-7);
  });

  it('draws the ground around points, and leaves out those within', () => {
    const corners = [
      { x: 0, y: 0 },
      { x: 4, y: 0 },
      { x: 4, y: 4 },
      { x: 0, y: 4 },
    ];
    const found = hull([...corners, { x: 2, y: 1 }, { x: 1, y: 2 }, { x: 3, y: 3 }]);
    expect(new Set(found)).toEqual(new Set(corners));
    expect(hull([])).toEqual([]);
  });

  it.each([
    [730, 500],
    [4999, 2000],
    [1000, 1000],
    [120, 100],
  ])('%d m is shown as %d m', (most, shown) => {
    expect(roundLength(most)).toBe(shown);
  });
});
