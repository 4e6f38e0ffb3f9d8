"""The version of the shop, which its services, documents and registrations all tell."""

VERSION = "0.1.0"
