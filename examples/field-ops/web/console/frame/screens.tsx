import type { ComponentType } from 'react';
import { AccountScreen } from '../accounts/account-screen.tsx';
import { AccountsScreen } from '../accounts/accounts-screen.tsx';
import { AgentScreen } from '../agents/agent-screen.tsx';
import { AgentsScreen } from '../agents/agents-screen.tsx';
import { ApiScreen } from '../api/api-screen.tsx';
import { AuditScreen } from '../audit/audit-screen.tsx';
import { Board } from '../board.tsx';
import { DayCloseScreen } from '../day-close/day-close-screen.tsx';
import { DeliveriesScreen } from '../deliveries/deliveries-screen.tsx';
import { DeliveryScreen } from '../delivery/delivery-screen.tsx';
import { ExportsScreen } from '../exports/exports-screen.tsx';
import { HealthScreen } from '../health/health-screen.tsx';
import { HeatScreen } from '../heat/heat-screen.tsx';
import { LettersScreen } from '../letters/letters-screen.tsx';
import { MapScreen } from '../map/map-screen.tsx';
import { MessageScreen } from '../messages/message-screen.tsx';
import { MessagesScreen } from '../messages/messages-screen.tsx';
import { RunScreen } from '../settlement/run-screen.tsx';
import { SettlementScreen } from '../settlement/settlement-screen.tsx';
import { readPart } from './address.ts';

export interface Screen {
  readonly path: string;
  readonly title: string;
  /** One key that leads to it after "g". */
  readonly key: string;
  readonly Body: ComponentType;
  /** The page of one thing in it, at `path/id`. */
  readonly One?: ComponentType<{ id: string }>;
  /** Only for whoever oversees all regions. */
  readonly allRegions?: boolean;
  /** Only for operations of all regions. */
  readonly administrators?: boolean;
}

/** Whether the server would answer what a screen asks. */
export function mayOpen(screen: Screen, who: { readonly seesAll: boolean; readonly administers: boolean }): boolean {
  if (screen.administrators === true) return who.administers;
  return screen.allRegions !== true || who.seesAll;
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
    title: 'Money',
    screens: [
      { path: '/day-close', title: 'Day close', key: 'c', Body: DayCloseScreen },
      {
        ...{ path: '/settlement', title: 'Settlement', key: 's', allRegions: true },
        ...{ Body: SettlementScreen, One: RunScreen },
      },
      { path: '/exports', title: 'Exports', key: 'x', Body: ExportsScreen },
    ],
  },
  {
    title: 'Oversight',
    screens: [
      {
        ...{ path: '/messages', title: 'Messages', key: 'o', administrators: true },
        ...{ Body: MessagesScreen, One: MessageScreen },
      },
      { path: '/letters', title: 'Dead letters & rejections', key: 'l', Body: LettersScreen },
      { path: '/audit', title: 'Audit', key: 'u', Body: AuditScreen },
      { path: '/heat', title: 'Heat map', key: 'h', Body: HeatScreen },
    ],
  },
  {
    title: 'System',
    screens: [
      {
        ...{ path: '/accounts', title: 'Accounts', key: 'n', administrators: true },
        ...{ Body: AccountsScreen, One: AccountScreen },
      },
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
  const id = readPart(path.slice(cut + 1));
  return parent === undefined || id === null ? undefined : { screen: parent, id };
}
