"""The page customers see."""

from html import escape

from shop import products
from shop.database import Row
from shop.receipts import euros

WELCOME = "Good things, sent today"

STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
ul { padding: 0 } span { flex: 1 } button { font: inherit; padding: .3rem .9rem }
li { display: flex; gap: 1rem; align-items: center; padding: .6rem 0; border-top: 1px solid #8884 }
"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>The shop</title><style>{style}</style><h1>{title}</h1>{content}</html>"""
PRODUCT = """<li><span>{name}</span><strong>{price}</strong><form method="post" action="buy">
<input type="hidden" name="product" value="{id}"><button>Buy</button></form></li>"""


def page() -> str:
    listed = "".join(_product(each) for each in products.all_products())
    return PAGE.format(style=STYLE, title=WELCOME, content=f"<ul>{listed}</ul>")


def thanks(order: int) -> str:
    words = f'<p>Order {order} is on its way.</p><p><a href="./">Back to the shop</a></p>'
    return PAGE.format(style=STYLE, title="Thank you", content=words)


def _product(each: Row) -> str:
    return PRODUCT.format(id=each["id"], name=escape(each["name"]), price=euros(each["cents"]))
