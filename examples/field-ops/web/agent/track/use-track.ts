import { useEffect } from 'react';
import { now } from '../../shared/platform.ts';
import type { AgentClient } from '../client.ts';
import { placePermission } from '../where.ts';
import { type Fix, worthRecording } from './worth-recording.ts';

/**
 * Tells the office where the agent is, while `on` and while the app is on the screen; never asks for the permission. The
 * model thins what is not sent yet, so that a week offline is some hundreds of places.
 */
export function useTrack(client: AgentClient, on: boolean): void {
  useEffect(() => {
    if (!on) return undefined;
    let left = false;
    let watch: number | null = null;
    let last: Fix | null = null;
    const stop = () => {
      if (watch !== null) navigator.geolocation.clearWatch(watch);
      watch = null;
    };
    const saw = ({ coords }: GeolocationPosition) => {
      const fix = { lat: coords.latitude, lng: coords.longitude, accuracyM: coords.accuracy, at: now() };
      if (left || !worthRecording(last, fix)) return;
      last = fix;
      const { at, ...place } = fix;
      // Where the phone is full, what the agent enters needs the room.
      client.mutate('recordLocation', { ...place, at: new Date(at).toISOString() }).catch(() => undefined);
    };
    const follow = async () => {
      const granted = document.visibilityState === 'visible' && (await placePermission()) === 'granted';
      if (!granted || left) return stop();
      // Without `maximumAge`: what is told as of now is a fix of now, not one that the browser remembers.
      watch ??= navigator.geolocation.watchPosition(saw, () => undefined);
    };
    const changed = () => void follow();
    changed();
    document.addEventListener('visibilitychange', changed);
    // A phone that lies still reports nothing: asked again, so that the office knows that it is still there.
    const timer = setInterval(() => {
      if (watch === null) return changed();
      navigator.geolocation.getCurrentPosition(saw, () => undefined, { timeout: 20_000 });
    }, 5 * 60_000);
    return () => {
      left = true;
      stop();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', changed);
    };
  }, [client, on]);
}
