"""What the shop sells."""

from shop import database
from shop.database import Row


def all_products() -> list[Row]:
    with database.connection() as db:
        return [dict(row) for row in db.execute("SELECT id, name, cents FROM products ORDER BY id")]
