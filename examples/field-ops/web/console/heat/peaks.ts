/** Hours that stand out together: from the first one's beginning to the last one's end. */
export interface PeakWindow {
  readonly from: number;
  readonly to: number;
  /** The share of the day's work that falls into it. */
  readonly share: number;
}

/** What is less than this part of the busiest hour is night: it says nothing about which working hours stand out. */
const nightShare = 0.04;
/** The hours above the cut must have this much more on average than the working hours below: else nothing stands out. */
const leastContrast = 1.4;

/**
 * Which hours of a day stand out, by the data alone: the working hours are cut into two classes where the variance between
 * them is largest (N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979), and hours of the upper class
 * that follow each other are a window.
 *
 * @param hours how much there is in each of the 24 hours
 */
export function peakWindows(hours: readonly number[]): PeakWindow[] {
  const most = Math.max(0, ...hours);
  const working = hours.filter((count) => count > most * nightShare);
  const cut = otsuCut(working);
  if (cut === undefined) return [];
  const total = sum(hours);
  const windows: PeakWindow[] = [];
  for (let from = 0; from < hours.length; from++) {
    if ((hours[from] ?? 0) <= cut) continue;
    let to = from;
    while ((hours[to] ?? 0) > cut) to += 1;
    windows.push({ from, to, share: sum(hours.slice(from, to)) / total });
    from = to;
  }
  return windows;
}

/** The largest value of the lower class; undefined when there are no two classes. */
function otsuCut(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  let best: { cut: number; between: number; contrast: number } | undefined;
  for (let at = 1; at < sorted.length; at++) {
    const [lower, upper] = [sorted.slice(0, at), sorted.slice(at)];
    const [low, high] = [mean(lower), mean(upper)];
    const between = lower.length * upper.length * (high - low) ** 2;
    if (best === undefined || between > best.between)
      best = { cut: sorted[at - 1] ?? 0, between, contrast: high / low };
  }
  return best !== undefined && best.contrast >= leastContrast ? best.cut : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
