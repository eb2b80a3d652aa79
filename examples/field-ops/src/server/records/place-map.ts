import { type Database, reading, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { type Place, Places } from '../../record-answers.ts';
import { inRegions } from './overseer.ts';
import { type RecordsApp, recordRoute } from './record-route.ts';

/** Where the work is: villages stand where confirmations said that they were, in the middle of the last thousands. */
export function placeMap(app: RecordsApp, database: Database): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/places', summary: 'Villages that confirmations came from, with their deliveries' },
    answer: Places,
    run: ({ by }) =>
      reading(database, by.tenant, async (tx) => ({
        demoAgents: (
          await rowsOf<{ id: string }>(
            tx,
            sql`select p.agent_id as id from agent_positions p
                where p.tenant = ${by.tenant} and ${inRegions(sql`p.region_id`, by)} and exists (
                  select from agent_track t where t.tenant = p.tenant and t.agent_id = p.agent_id and t.at = p.at and t.demo)
                order by 1 limit 10000`,
          )
        ).map(({ id }) => id),
        places: await rowsOf<Place>(
          tx,
          sql`with said as (
                select args ->> 'deliveryId' as id, (args #>> '{location,lat}')::float8 as lat, (args #>> '{location,lng}')::float8 as lng
                from sync.receipts where tenant = ${by.tenant} and name = 'confirmDelivery' and status = 'applied'
                order by server_at desc limit 20000
              ), places as (
                select d.region_id, d.pincode, d.village, count(*) as seen,
                  percentile_cont(0.5) within group (order by s.lat) as lat, percentile_cont(0.5) within group (order by s.lng) as lng
                from said s join deliveries d on d.tenant = ${by.tenant} and d.id = s.id
                where s.lat is not null and s.lng is not null and ${inRegions(sql`d.region_id`, by)}
                group by 1, 2, 3
              )
              select p.region_id as "regionId", p.pincode, p.village, p.lat, p.lng, p.seen::float8 as seen,
                count(*) filter (where d.status = 'pending')::float8 as pending,
                count(*) filter (where d.status = 'confirmed')::float8 as confirmed,
                count(*) filter (where d.status = 'failed')::float8 as failed
              from places p join deliveries d on d.tenant = ${by.tenant} and d.region_id = p.region_id
                and d.pincode = p.pincode and d.village = p.village
              group by p.region_id, p.pincode, p.village, p.lat, p.lng, p.seen order by 1, 2, 3 limit 5000`,
        ),
      })),
  });
}
