"""What many would write instead, with FastAPI, uvicorn, requests and sqlite3.

So was the first, simple version of this shop. It holds no stock and keeps no promise.

As it was there: endpoints are `def`, each service is one uvicorn worker, each request opens the
database anew with SQLite's own settings, and `requests` is called without a session. Nothing in it
is slower than it need be for that.
"""
