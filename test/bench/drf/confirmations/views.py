from django.db import transaction
from rest_framework.response import Response
from rest_framework.views import APIView

from .confirm import Rejected, confirm
from .serializers import BatchSerializer, ConfirmationSerializer, IdempotencyKeySerializer


class ConfirmDelivery(APIView):
    def post(self, request, delivery_id):
        header = IdempotencyKeySerializer(data={"key": request.headers.get("Idempotency-Key")})
        header.is_valid(raise_exception=True)
        body = ConfirmationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        key = header.validated_data["key"]
        fields = body.validated_data
        try:
            return Response(confirm(request.user, key, delivery_id, fields["amountPaise"], fields["confirmedAt"]))
        except Rejected as rejected:
            return Response(refusal(key, rejected), status=422)


class ConfirmBatch(APIView):
    """All of a batch commit together; each has a savepoint, so that one that is refused leaves the others."""

    def post(self, request):
        body = BatchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        receipts = []
        with transaction.atomic():
            for item in body.validated_data["confirmations"]:
                try:
                    # confirm() opens a savepoint: it is inside of a transaction here.
                    receipt = confirm(
                        request.user, item["key"], item["deliveryId"], item["amountPaise"], item["confirmedAt"]
                    )
                except Rejected as rejected:
                    receipt = refusal(item["key"], rejected)
                receipts.append(receipt)
        return Response({"receipts": receipts})


def refusal(key, rejected):
    return {"key": str(key), "status": "rejected", "error": {"code": rejected.code}}
