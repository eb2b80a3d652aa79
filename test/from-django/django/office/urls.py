from django.urls import path

from visits.phone_token import PhoneToken
from visits.views import ConfirmVisit, DueVisits

urlpatterns = [
    path("api/visits/", DueVisits.as_view()),
    path("api/visits/<int:pk>/confirm/", ConfirmVisit.as_view()),
    path("api/phone-token/", PhoneToken.as_view()),
]
