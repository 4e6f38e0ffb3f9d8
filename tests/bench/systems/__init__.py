"""What is measured: the shop, what many would write instead, and the least that aiohttp does."""
