import uuid

from django.db import models


class Visit(models.Model):
    """A visit to a customer, one instalment to be collected."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tenant = models.CharField(max_length=64, db_index=True)
    agent = models.CharField(max_length=64, null=True)
    amount_paise = models.BigIntegerField()
    status = models.CharField(max_length=16, default="due")
    # What the back office thinks of the customer: never leaves the server.
    remark = models.TextField(default="")
    changed_at = models.DateTimeField(auto_now=True)
