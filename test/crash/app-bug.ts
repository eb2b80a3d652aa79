/** The delivery at which the app fails for as long as its tenant has a row in `app_bugs`. */
export const buggyDelivery = 'bug';

/** A bug of the app where it hurts most: in the database, in the middle of a mutator's statement. */
export const appBug = [
  'create table app_bugs (tenant text primary key)',
  `create function stumble() returns trigger language plpgsql security definer as $$
   begin
     if exists (select from public.app_bugs where tenant = new.tenant) then raise exception 'a bug of the app'; end if;
     return new;
   end $$`,
  `create trigger stumble before update on deliveries for each row when (new.id = '${buggyDelivery}') execute function stumble()`,
];
