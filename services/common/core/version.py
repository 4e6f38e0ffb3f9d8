"""The version of the shop, which its services, API documents and registrations state."""

VERSION = "0.2.0"
