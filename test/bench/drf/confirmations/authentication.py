"""Bearer tokens, HS256: no package beside Django REST Framework is needed for them."""

import base64
import hashlib
import hmac
import json
import time

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

CLOCK_TOLERANCE_SECONDS = 60


class Agent:
    is_authenticated = True

    def __init__(self, claims):
        self.id = claims["sub"]
        self.tenant = claims["tenant"]
        self.role = claims["role"]


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request):
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            return Agent(verified(token)), token
        except (ValueError, KeyError) as error:
            raise AuthenticationFailed("the token is not valid") from error

    def authenticate_header(self, request):
        return "Bearer"


class IsAgent(BasePermission):
    def has_permission(self, request, view):
        return request.user is not None and request.user.role == "agent"


def verified(token):
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    if json.loads(decoded(header)).get("alg") != "HS256":
        raise ValueError("another algorithm")
    expected = hmac.new(settings.SECRET_KEY.encode(), signed.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(expected, decoded(signature)):
        raise ValueError("another signature")
    claims = json.loads(decoded(payload))
    if claims["aud"] != "ekbaar" or claims["exp"] < time.time() - CLOCK_TOLERANCE_SECONDS:
        raise ValueError("for somebody else, or expired")
    return claims


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
