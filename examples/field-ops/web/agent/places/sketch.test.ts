import { describe, expect, it } from 'vitest';
import { gathered, isFarFrom, membersInWords, sketch } from './sketch.ts';

describe('sketch', () => {
  it('has north above, east on the right, and everything inside', () => {
    const { spots, scale } = sketch(
      [
        { lat: 24.7, lng: 84.9 },
        { lat: 25.1, lng: 85.3 },
      ],
      328,
      300,
    );
    const [south, north] = spots;
    expect(north?.y).toBeLessThan(south?.y ?? 0);
    expect(north?.x).toBeGreaterThan(south?.x ?? 0);
    for (const { x, y } of spots) {
      expect(x).toSatisfy((at: number) => at >= 0 && at <= 328);
      expect(y).toSatisfy((at: number) => at >= 0 && at <= 300);
    }
    // 0.4 degrees are 44.5 km from south to north.
    expect(((south?.y ?? 0) - (north?.y ?? 0)) / (scale.length / scale.kilometres)).toBeCloseTo(44.5, 0);
  });

  it('draws a single place too', () => {
    expect(sketch([{ lat: 24.7, lng: 84.9 }], 300, 300).spots).toEqual([{ x: 150, y: 150 }]);
  });

  it('leaves out who is far away, so that the villages do not shrink to a spot', () => {
    const villages = [
      { lat: 24.7, lng: 84.9 },
      { lat: 24.8, lng: 85 },
    ];
    const [near, far] = [
      { lat: 24.75, lng: 84.85 },
      { lat: 25.3, lng: 85.6 },
    ];
    expect([isFarFrom(near, villages), isFarFrom(far, villages)]).toEqual([false, true]);
    const { spots } = sketch([far, ...villages], 300, 300, villages);
    expect(
      Math.hypot((spots[1]?.x ?? 0) - (spots[2]?.x ?? 0), (spots[1]?.y ?? 0) - (spots[2]?.y ?? 0)),
    ).toBeGreaterThan(200);
  });

  it('gathers what lies upon each other', () => {
    const spots = [
      { x: 0, y: 0 },
      { x: 2, y: 2 },
      { x: 90, y: 0 },
      { x: 1, y: 0 },
    ].map((spot) => spot);
    expect(gathered(spots, 20).map(({ members }) => membersInWords(members))).toEqual(['1–2, 4', '3']);
  });
});
