"""Fixtures: the web client as its own tests build it."""

from clients.web.conftest import client, npm

__all__ = ["client", "npm"]
