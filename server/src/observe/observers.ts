import type { EngineObserver } from '../engine/observer.ts';

/** Several observers as one; the first one's steps are around those of the next. */
export function observers(all: readonly EngineObserver[]): EngineObserver {
  return {
    step: (step, run) =>
      all.reduceRight((inner, observer) => {
        if (observer.step === undefined) return inner;
        const around = observer.step.bind(observer);
        return () => around(step, inner);
      }, run)(),
    pushed: (facts) => all.forEach((observer) => observer.pushed?.(facts)),
    mutation: (facts) => all.forEach((observer) => observer.mutation?.(facts)),
    delta: (facts) => all.forEach((observer) => observer.delta?.(facts)),
    published: (facts) => all.forEach((observer) => observer.published?.(facts)),
  };
}
