"""What the shop is told by its environment."""

import os

INSTANCE = os.environ.get("SHOP_INSTANCE", "local")
RELEASE = os.environ.get("SHOP_RELEASE", "unknown")
DATABASE = os.environ.get("SHOP_DATABASE", "shop.sqlite3")
PORT = int(os.environ.get("SHOP_PORT", "8000"))
FLAGS = os.environ.get("SHOP_FLAGS", "")
FLAGS_TOKEN = os.environ.get("SHOP_FLAGS_TOKEN", "")
