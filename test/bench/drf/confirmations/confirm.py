"""Confirming a delivery once: the row locked, its status checked, money, messages and the key's answer in one transaction."""

import hashlib
import json

from django.db import transaction
from django.utils import timezone

from .models import Delivery, Disbursement, IdempotencyKey, LedgerAccount, LedgerEntry, OutboxJob

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Rejected(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def confirm(agent, key, delivery_id, amount_paise, confirmed_at):
    """Gives the receipt, the former one for a key that came before. Raises Rejected, and then nothing is kept."""
    request_hash = hashlib.sha256(
        json.dumps([delivery_id, amount_paise, confirmed_at.isoformat()]).encode()
    ).hexdigest()
    with transaction.atomic():
        try:
            delivery = Delivery.objects.select_for_update().get(tenant=agent.tenant, id=delivery_id)
        except Delivery.DoesNotExist:
            raise Rejected("not_found") from None
        # Behind the lock: of two tries with one key the second finds what the first has written.
        known = IdempotencyKey.objects.filter(tenant=agent.tenant, key=key).first()
        if known is not None:
            if known.actor != agent.id or known.request_hash != request_hash:
                raise Rejected("key_reused")
            return known.response
        if delivery.agent_id != agent.id:
            raise Rejected("not_assigned")
        if delivery.status == "confirmed":
            raise Rejected("already_confirmed")
        if delivery.status == "cancelled":
            raise Rejected("cancelled")
        if delivery.amount_paise != amount_paise:
            raise Rejected("amount_mismatch")

        confirmed_at = min(confirmed_at, timezone.now())
        receipt_no = receipt_number(key)
        own = Delivery.objects.filter(tenant=agent.tenant, id=delivery_id)
        own.update(status="confirmed", confirmed_at=confirmed_at, receipt_no=receipt_no, fail_reason=None)
        if delivery.kind == "disbursement":
            Disbursement.objects.filter(tenant=agent.tenant, delivery_id=delivery_id).update(status="disbursed")
        post_to_ledger(delivery, key, confirmed_at)
        enqueue_messages(delivery, key, receipt_no)
        response = {"key": str(key), "status": "applied", "result": {"receiptNo": receipt_no}}
        IdempotencyKey.objects.create(
            tenant=agent.tenant, key=key, actor=agent.id, request_hash=request_hash, response=response
        )
        return response


def post_to_ledger(delivery, key, at):
    tenant = delivery.tenant
    cash = LedgerAccount(tenant=tenant, id=f"agent_cash:{delivery.agent_id}", kind="agent_cash")
    mfi = LedgerAccount(tenant=tenant, id=f"mfi:{delivery.mfi_id}", kind="mfi")
    LedgerAccount.objects.bulk_create([cash, mfi], ignore_conflicts=True)
    debit, credit = (cash, mfi) if delivery.kind == "collection" else (mfi, cash)
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            tenant=tenant,
            delivery_id=delivery.id,
            kind=kind,
            account_id=account.id,
            amount_paise=delivery.amount_paise,
            agent_id=delivery.agent_id,
            key=key,
            at=at,
        )
        for kind, account in (("debit", debit), ("credit", credit))
    )


def enqueue_messages(delivery, key, receipt_no):
    message = {
        "key": str(key),
        "deliveryId": delivery.id,
        "kind": delivery.kind,
        "amountPaise": delivery.amount_paise,
        "receiptNo": receipt_no,
    }
    loan = {"mfiId": delivery.mfi_id, "loanId": delivery.loan_id, "instalmentNo": delivery.instalment_no}
    OutboxJob.objects.bulk_create(
        [
            OutboxJob(tenant=delivery.tenant, queue="sms", data={**message, "to": delivery.customer_phone}),
            OutboxJob(tenant=delivery.tenant, queue="mfi-webhook", data={**message, **loan}),
        ]
    )


def receipt_number(key):
    digest = hashlib.sha256(f"receipt:{key}".encode()).digest()
    digits = "".join(ALPHABET[byte % 32] for byte in digest[:10])
    return f"{digits[:5]}-{digits[5:]}"
