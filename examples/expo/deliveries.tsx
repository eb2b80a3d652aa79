import type { Delivery, FieldOpsModel } from '@ekbaar/field-ops/model';
import type { Client } from '@ekbaar/sdk';
import { useQuery } from '@tanstack/react-query';
import { Alert, Button, FlatList, Text, View } from 'react-native';
import { now } from './platform.ts';

type AgentClient = Client<FieldOpsModel>;

/** What is still to be delivered, kept up to date by every sync and every tap. */
export function Deliveries({ client }: { client: AgentClient }) {
  const { data } = useQuery(client.query('deliveries', { where: { status: 'pending' }, orderBy: 'village' }));
  return (
    <FlatList
      data={data ?? []}
      keyExtractor={({ id }) => id}
      renderItem={({ item }) => <DeliveryRow client={client} delivery={item} />}
    />
  );
}

function DeliveryRow({ client, delivery }: { client: AgentClient; delivery: Delivery }) {
  const rupees = delivery.amountPaise / 100;
  return (
    <View>
      <Text>{`${delivery.customerName}, ${delivery.village}: ₹ ${rupees}`}</Text>
      <Button title="Confirm" onPress={() => void confirm(client, delivery)} />
    </View>
  );
}

async function confirm(client: AgentClient, { id, amountPaise }: Delivery): Promise<void> {
  try {
    // Resolves when it is safely on the phone, with or without a network.
    await client.mutate('confirmDelivery', { deliveryId: id, amountPaise, confirmedAt: now() });
  } catch (error) {
    // The phone's disk refused: nothing was kept, and the person must know.
    Alert.alert('Not saved', error instanceof Error ? error.message : String(error));
  }
}
