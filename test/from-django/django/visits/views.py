from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Payment, Visit


class DueVisits(APIView):
    def get(self, request):
        due = Visit.objects.filter(agent=request.user, status="due").order_by("id")
        return Response([{"id": v.id, "customer": v.customer, "amount_paise": v.amount_paise} for v in due])


class ConfirmVisit(APIView):
    """Sent twice, the second one is an error, and the agent does not know whether the money was booked."""

    def post(self, request, pk):
        with transaction.atomic():
            visit = get_object_or_404(Visit.objects.select_for_update(), pk=pk, agent=request.user)
            if visit.status != "due":
                return Response({"detail": "This visit is not due"}, status=409)
            if visit.amount_paise != request.data.get("amount_paise"):
                return Response({"detail": "Another amount is due"}, status=409)
            visit.status = "confirmed"
            visit.confirmed_at = timezone.now()
            visit.save()
            payment = Payment.objects.create(visit=visit, amount_paise=visit.amount_paise, at=visit.confirmed_at)
        # send_receipt.delay(payment.id): Celery sends an SMS.
        return Response({"payment": payment.id})
