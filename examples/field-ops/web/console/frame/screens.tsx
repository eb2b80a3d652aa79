import type { ComponentType } from 'react';
import { AgentScreen } from '../agents/agent-screen.tsx';
import { AgentsScreen } from '../agents/agents-screen.tsx';
import { ApiScreen } from '../api/api-screen.tsx';
import { AuditScreen } from '../audit/audit-screen.tsx';
import { Board } from '../board.tsx';
import { DeliveriesScreen } from '../deliveries/deliveries-screen.tsx';
import { DeliveryScreen } from '../delivery/delivery-screen.tsx';
import { HealthScreen } from '../health/health-screen.tsx';
import { HeatScreen } from '../heat/heat-screen.tsx';
import { LettersScreen } from '../letters/letters-screen.tsx';
import { MapScreen } from '../map/map-screen.tsx';

export interface Screen {
  readonly path: string;
  readonly title: string;
  /** One key that leads to it after "g". */
  readonly key: string;
  readonly Body: ComponentType;
  /** The page of one thing in it, at `path/id`. */
  readonly One?: ComponentType<{ id: string }>;
  /** Only for ops of all regions. */
  readonly allRegions?: boolean;
}

/** By group, in the order of the navigation. A screen of another part of the operation is one line more. */
export const groups: readonly { readonly title: string; readonly screens: readonly Screen[] }[] = [
  {
    title: 'Work',
    screens: [
      { path: '', title: 'Today', key: 't', Body: Board },
      { path: '/deliveries', title: 'Deliveries', key: 'd', Body: DeliveriesScreen, One: DeliveryScreen },
      { path: '/agents', title: 'Agents & phones', key: 'a', Body: AgentsScreen, One: AgentScreen },
      { path: '/map', title: 'Map', key: 'm', Body: MapScreen },
    ],
  },
  {
    title: 'Oversight',
    screens: [
      { path: '/letters', title: 'Dead letters & rejections', key: 'l', Body: LettersScreen },
      { path: '/audit', title: 'Audit', key: 'u', Body: AuditScreen },
      { path: '/heat', title: 'Heat map', key: 'h', Body: HeatScreen },
    ],
  },
  {
    title: 'System',
    screens: [
      { path: '/health', title: 'Health', key: 'e', Body: HealthScreen, allRegions: true },
      { path: '/api', title: 'API', key: 'p', Body: ApiScreen },
    ],
  },
];

const screens = groups.flatMap((group) => group.screens);

/** The screen at a path, and the id of the one thing that it is about. */
export function screenAt(path: string): { screen: Screen; id?: string } | undefined {
  const found = screens.find((screen) => screen.path === path);
  if (found !== undefined) return { screen: found };
  const cut = path.lastIndexOf('/');
  const parent = screens.find((screen) => screen.path === path.slice(0, cut) && screen.One !== undefined);
  return parent === undefined ? undefined : { screen: parent, id: decodeURIComponent(path.slice(cut + 1)) };
}
