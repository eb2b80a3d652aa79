import base64
import hashlib
import hmac
import json
import time

from django.conf import settings
from django.http import HttpResponse
from rest_framework.views import APIView


class PhoneToken(APIView):
    """A token for whom Django knows already, good for a quarter of an hour. PyJWT's jwt.encode() does the same."""

    def get(self, request):
        claims = {
            "sub": str(request.user.pk),
            "tenant": "pennco",
            "role": "agent",
            "aud": "ekbaar",
            "exp": int(time.time()) + 900,
        }
        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        signature = hmac.new(settings.JWT_SECRET.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
        return HttpResponse(".".join([*parts, encoded(signature)]), content_type="text/plain")


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
