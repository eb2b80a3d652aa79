from django.http import JsonResponse
from django.urls import path

from confirmations.views import ConfirmBatch, ConfirmDelivery

urlpatterns = [
    path("healthz", lambda request: JsonResponse({"status": "ok"})),
    path("api/v1/deliveries/confirm", ConfirmBatch.as_view()),
    path("api/v1/deliveries/<str:delivery_id>/confirm", ConfirmDelivery.as_view()),
]
