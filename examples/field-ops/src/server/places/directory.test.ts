import { describe, expect, it } from 'vitest';
import { openDirectory, placeDirectory } from './directory.ts';
import { plainName } from './plain-name.ts';

describe('the directory of places', () => {
  const small = placeDirectory('824201|24.61,85.1|bumuar=24.5265,84.9962\n842001~|26.15,85.33\n');

  it('knows a village, else the middle of its PIN code, else that of its district, and says which', () => {
    const find = (village: string, pincode: string) => small.find({ village, pincode });
    expect(find('Bumuar B.O', '824201')).toMatchObject({ lat: 24.5265, lng: 84.9962, precision: 'village' });
    expect(find('Elsewhere', '824201')).toMatchObject({ lat: 24.61, lng: 85.1, precision: 'pincode' });
    expect(find('Sikandarpur', '842001')).toMatchObject({ lat: 26.15, precision: 'district' });
    for (const pincode of ['999999', '', '8242', '\n']) expect(find('Bumuar', pincode)).toBeUndefined();
  });

  it.each([
    ['Hisua (Nawada)', 'hisua'],
    ['Gaya H.O', 'gaya'],
    ['A.P.Colony', 'apcolony'],
    ['Soho', 'soho'],
  ])('compares %s as %s', (name, plain) => {
    expect(plainName(name)).toBe(plain);
  });

  it('has the whole of India, each point in India', async () => {
    const india = await openDirectory();
    expect(india.find({ village: 'Bumuar', pincode: '824201' })).toMatchObject({ precision: 'village' });
    expect(india.find({ village: 'Connaught Place', pincode: '110001' })?.lat).toBeCloseTo(28.6, 0);
    expect(india.find({ village: 'x', pincode: '744301' })?.lat).toBeLessThan(10);
    const madurai = india.find({ village: 'Madurai', pincode: '625001' });
    expect([madurai?.lat, madurai?.lng].map((degrees) => Math.round(degrees ?? 0))).toEqual([10, 78]);
  });
});
