"""Attacks of one guest on a real shop, and what other customers notice of them."""
