"""The field operation's tables, as they stand in the database that all contestants have."""

from django.db import models


class Delivery(models.Model):
    # With the tenant the primary key; Django 3.2 knows only keys of one column.
    id = models.TextField(primary_key=True)
    tenant = models.TextField()
    kind = models.TextField()
    status = models.TextField(default="pending")
    agent_id = models.TextField()
    region_id = models.TextField()
    village = models.TextField()
    pincode = models.TextField()
    customer_name = models.TextField()
    customer_phone = models.TextField()
    mfi_id = models.TextField()
    loan_id = models.TextField()
    instalment_no = models.IntegerField(null=True)
    amount_paise = models.BigIntegerField()
    due_on = models.DateField()
    confirmed_at = models.DateTimeField(null=True)
    receipt_no = models.TextField(null=True)
    fail_reason = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = "deliveries"


class Disbursement(models.Model):
    id = models.TextField(primary_key=True)
    tenant = models.TextField()
    delivery_id = models.TextField()
    status = models.TextField(default="open")

    class Meta:
        managed = False
        db_table = "disbursements"


class LedgerAccount(models.Model):
    id = models.TextField(primary_key=True)
    tenant = models.TextField()
    kind = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_accounts"


class LedgerEntry(models.Model):
    delivery_id = models.TextField(primary_key=True)
    tenant = models.TextField()
    kind = models.TextField()
    account_id = models.TextField()
    amount_paise = models.BigIntegerField()
    agent_id = models.TextField()
    key = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_entries"


class IdempotencyKey(models.Model):
    key = models.UUIDField(primary_key=True)
    tenant = models.TextField()
    actor = models.TextField()
    request_hash = models.TextField()
    response = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "idempotency_keys"


class OutboxJob(models.Model):
    tenant = models.TextField()
    queue = models.TextField()
    data = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "outbox_jobs"
