from rest_framework import serializers


class ConfirmationSerializer(serializers.Serializer):
    amountPaise = serializers.IntegerField(min_value=1)
    confirmedAt = serializers.DateTimeField()


class BatchItemSerializer(ConfirmationSerializer):
    key = serializers.UUIDField()
    deliveryId = serializers.CharField(max_length=64)


class BatchSerializer(serializers.Serializer):
    confirmations = BatchItemSerializer(many=True, max_length=500)


class IdempotencyKeySerializer(serializers.Serializer):
    key = serializers.UUIDField()
