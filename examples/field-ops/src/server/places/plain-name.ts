/** A village's name without what the post adds to it ("Rampur B.O", "Hisua (Nawada)"), for comparing: `rampur`. */
export function plainName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/\(.*?\)/g, '')
    .replaceAll(/\b(?:s\.?\s?o|b\.?\s?o|h\.?\s?o|g\.?\s?p\.?\s?o)\b\.?/g, '')
    .replaceAll(/[^a-z]/g, '');
}
