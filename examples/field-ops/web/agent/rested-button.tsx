import { type ComponentProps, useEffect, useState } from 'react';

/** A thumb's second tap comes sooner. */
const restMs = 700;

/** A button that stands where the one of the step before stood: a second tap of the same thumb does not count. */
export function RestedButton({ disabled, ...props }: ComponentProps<'button'>) {
  const [rested, setRested] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setRested(true), restMs);
    return () => clearTimeout(timer);
  }, []);
  return <button {...props} disabled={!rested || disabled} />;
}
