from django.conf import settings
from django.db import models


class Visit(models.Model):
    """A visit to a customer, one instalment to be collected."""

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    customer = models.CharField(max_length=200)
    amount_paise = models.BigIntegerField()
    status = models.CharField(max_length=16, default="due")
    confirmed_at = models.DateTimeField(null=True)
    # What the office thinks of the customer: never leaves the server.
    remark = models.TextField(default="")


class Payment(models.Model):
    visit = models.OneToOneField(Visit, on_delete=models.CASCADE)
    amount_paise = models.BigIntegerField()
    at = models.DateTimeField()
